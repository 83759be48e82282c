"""Losses with every option: values and gradients. Run: /usr/bin/python3 tests/reference/make_losses.py"""

import itertools

import torch
import torch.nn.functional as F

from common import Recorder

recorder = Recorder("make_losses.py", "losses.json", seed=3)
values = recorder.values
REDUCTIONS = ("none", "mean", "sum")


def loss(operator, label, function, inputs, arguments=None, gradients=("input",), reductions=REDUCTIONS):
    """The optional tensors (weight, posWeight) go in by name, the input and the target by place."""

    def call(*tensors, **options):
        by_name = dict(zip(inputs, tensors))
        first, target = by_name.pop("input"), by_name.pop("target")
        by_name = {{"posWeight": "pos_weight"}.get(k, k): v for k, v in by_name.items()}
        return function(first, target, **by_name, **options)

    for reduction in reductions:
        recorder.run(
            operator, f"{label}, {reduction}", call, inputs, {**(arguments or {}), "reduction": reduction}, gradients
        )


def probabilities(*shape, dim=1):
    return torch.softmax(values.normal(*shape), dim).mul(1024).round().div(1024)


both = ("input", "target")
a, b = values.distinct(3, 4), values.distinct(3, 4)
loss("MSELoss", "3x4", F.mse_loss, {"input": a, "target": b}, gradients=both)
loss("L1Loss", "3x4", F.l1_loss, {"input": a, "target": b + 1 / 128}, gradients=both)
loss("L1Loss", "equal values have gradient zero", F.l1_loss, {"input": a, "target": a}, reductions=("sum",))
for beta in (1.0, 0.5, 2.0, 0.0):
    loss(
        "SmoothL1Loss",
        f"beta {beta:g}",
        F.smooth_l1_loss,
        {"input": a, "target": b + 1 / 128},
        {"beta": beta},
        gradients=both,
    )
for operator, function in (("MSELoss", F.mse_loss), ("L1Loss", F.l1_loss), ("SmoothL1Loss", F.smooth_l1_loss)):
    loss(
        operator,
        "0-d",
        function,
        {"input": torch.tensor(0.75, dtype=torch.float64), "target": torch.tensor(-1.0, dtype=torch.float64)},
    )

p = values.distinct(3, 4, low=0.02, high=0.98)
soft = values.distinct(3, 4, low=0.02, high=0.98)
hard = values.integers(0, 2, 3, 4, dtype=torch.float64)
weight = values.distinct(4, low=0.2, high=2)
pos_weight = values.distinct(4, low=0.2, high=3)
for label, target in (("hard targets", hard), ("soft targets", soft)):
    loss("BCELoss", label, F.binary_cross_entropy, {"input": p, "target": target})
    loss("BCELoss", f"{label}, weight", F.binary_cross_entropy, {"input": p, "target": target, "weight": weight})
    loss("BCEWithLogitsLoss", label, F.binary_cross_entropy_with_logits, {"input": a, "target": target})
    loss(
        "BCEWithLogitsLoss",
        f"{label}, weight",
        F.binary_cross_entropy_with_logits,
        {"input": a, "target": target, "weight": weight},
    )
    loss(
        "BCEWithLogitsLoss",
        f"{label}, posWeight",
        F.binary_cross_entropy_with_logits,
        {"input": a, "target": target, "posWeight": pos_weight},
    )
    loss(
        "BCEWithLogitsLoss",
        f"{label}, weight and posWeight",
        F.binary_cross_entropy_with_logits,
        {"input": a, "target": target, "weight": weight, "posWeight": pos_weight},
    )
# The logarithm is held at -100, so certainty that is wrong costs 100, not infinity.
certain = torch.tensor([0, 1, 0, 1], dtype=torch.float64)
loss(
    "BCELoss",
    "certain and right or wrong",
    F.binary_cross_entropy,
    {"input": certain, "target": torch.tensor([0, 1, 1, 0], dtype=torch.float64)},
    gradients=(),
)
loss(
    "BCEWithLogitsLoss",
    "large logits",
    F.binary_cross_entropy_with_logits,
    {
        "input": torch.tensor([1000, -1000, 1000, -1000, 40], dtype=torch.float64),
        "target": torch.tensor([1, 0, 0, 1, 1], dtype=torch.float64),
    },
)

CLASSES = 4
SHAPES = {"[N,C]": (5, CLASSES), "[C]": (CLASSES,), "[N,C,d1]": (2, CLASSES, 3), "[N,C,d1,d2]": (2, CLASSES, 2, 2)}
class_weight = values.distinct(CLASSES, low=0.2, high=2)
for label, shape in SHAPES.items():
    dim = 0 if len(shape) == 1 else 1
    logits = values.distinct(*shape)
    log_probabilities = torch.log_softmax(logits, dim).mul(1024).round().div(1024)
    index_shape = shape[:dim] + shape[dim + 1 :]
    indices = values.integers(0, CLASSES, *index_shape)
    with_ignored = indices.clone()
    if index_shape:
        with_ignored.view(-1)[1], with_ignored.view(-1)[-1] = -100, -100
    for weighted, ignore in itertools.product((False, True), (None, -100, 2)):
        if ignore == -100 and not index_shape:
            continue
        name = label + (", weight" if weighted else "") + (f", ignoreIndex {ignore}" if ignore is not None else "")
        extra = {"weight": class_weight} if weighted else {}
        arguments = {} if ignore is None else {"ignoreIndex": ignore}
        target = with_ignored if ignore == -100 else indices
        loss("NLLLoss", name, F.nll_loss, {"input": log_probabilities, "target": target, **extra}, arguments)
        for smoothing in (0.0, 0.1):
            options = {**arguments, **({"labelSmoothing": smoothing} if smoothing else {})}
            loss(
                "CrossEntropyLoss",
                f"indices {name}" + (f", labelSmoothing {smoothing}" if smoothing else ""),
                F.cross_entropy,
                {"input": logits, "target": target, **extra},
                options,
            )
    soft_target = probabilities(*shape, dim=dim)
    for weighted, smoothing in itertools.product((False, True), (0.0, 0.1)):
        name = (
            f"probabilities {label}"
            + (", weight" if weighted else "")
            + (f", labelSmoothing {smoothing}" if smoothing else "")
        )
        loss(
            "CrossEntropyLoss",
            name,
            F.cross_entropy,
            {"input": logits, "target": soft_target, **({"weight": class_weight} if weighted else {})},
            {"labelSmoothing": smoothing} if smoothing else {},
            gradients=both,
        )
ignored = torch.full((3,), -100)
for operator, function in (("NLLLoss", F.nll_loss), ("CrossEntropyLoss", F.cross_entropy)):
    loss(
        operator,
        "every target ignored: the mean is NaN",
        function,
        {"input": values.distinct(3, CLASSES), "target": ignored},
        {"ignoreIndex": -100},
        gradients=(),
    )
loss(
    "CrossEntropyLoss",
    "large logits",
    F.cross_entropy,
    {
        "input": torch.tensor([[1000.0, 0, -1000], [1000, 0, -1000]], dtype=torch.float64),
        "target": torch.tensor([0, 2]),
    },
)
loss(
    "CrossEntropyLoss",
    "masked logits",
    F.cross_entropy,
    {
        "input": torch.tensor([[1.0, float("-inf"), 0], [float("-inf"), 0.5, 0]], dtype=torch.float64),
        "target": torch.tensor([0, 2]),
    },
)

log_p = torch.log_softmax(values.normal(3, 4), 1).mul(1024).round().div(1024)
q = probabilities(3, 4)
log_q = torch.log_softmax(values.normal(3, 4), 1).mul(1024).round().div(1024)
KL = REDUCTIONS + ("batchmean",)
loss("KLDivLoss", "probabilities", F.kl_div, {"input": log_p, "target": q}, {"logTarget": False}, both, KL)
loss("KLDivLoss", "logTarget", F.kl_div, {"input": log_p, "target": log_q}, {"logTarget": True}, both, KL)
with_zero = q.clone()
with_zero[0, 1], with_zero[2, 3] = 0, 0
loss(
    "KLDivLoss",
    "target with zeros",
    F.kl_div,
    {"input": log_p, "target": with_zero},
    {"logTarget": False},
    ("input",),
    KL,
)

recorder.write()
