"""Gradient clipping by norm and by value. Run: /usr/bin/python3 tests/reference/make_clipping.py"""

import math

import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from common import Recorder

recorder = Recorder("make_clipping.py", "clipping.json", seed=7)
values = recorder.values
GRADIENTS = {"weight": values.normal(3, 4), "bias": values.normal(4), "scale": values.normal()}


def clip(function, operator, name, gradients, arguments, *given):
    parameters = {k: torch.zeros_like(g).requires_grad_() for k, g in gradients.items()}
    for k, p in parameters.items():
        p.grad = gradients[k].clone()
    total = function(list(parameters.values()), *given)
    output = {k: p.grad for k, p in parameters.items()}
    if total is not None:
        output["totalNorm"] = total
    recorder.add(operator, name, dict(gradients), arguments, output)


for dtype in (torch.float64, torch.float32):
    gradients = {k: g.to(dtype) for k, g in GRADIENTS.items()}
    text = str(dtype)[6:]
    for norm_type in (1.0, 2.0, 3.0, math.inf):
        for label, max_norm in (("clipped", 0.5), ("left as it is", 1000.0)):
            clip(
                clip_grad_norm_,
                "clip_grad_norm_",
                f"norm {norm_type:g}, {label}, {text}",
                gradients,
                {"maxNorm": max_norm, "normType": norm_type},
                max_norm,
                norm_type,
            )
    for clip_value in (0.25, 1.0, 100.0):
        clip(
            clip_grad_value_,
            "clip_grad_value_",
            f"value {clip_value:g}, {text}",
            gradients,
            {"clipValue": clip_value},
            clip_value,
        )
clip(
    clip_grad_norm_,
    "clip_grad_norm_",
    "zero gradients",
    {"weight": torch.zeros(2, 2, dtype=torch.float64)},
    {"maxNorm": 1.0, "normType": 2.0},
    1.0,
    2.0,
)
clip(
    clip_grad_norm_,
    "clip_grad_norm_",
    "NaN spreads to every gradient",
    {"a": torch.tensor([1.0, math.nan], dtype=torch.float64), "b": torch.tensor([3.0], dtype=torch.float64)},
    {"maxNorm": 1.0, "normType": 2.0},
    1.0,
    2.0,
)

recorder.write()
