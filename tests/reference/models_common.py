"""What vision_models.py and text_models.py share. Weights and inputs follow from one rule, `fill`, that the tests repeat, so
that no weights need to be kept. Of each gradient its sum and its product with such numbers are kept.
"""

import json
import os

import numpy
import torch

from common import FOLDER


def fill(shape, seed):
    """Numbers in [-1, 1): SplitMix64 of seed * 2^32 + index, its upper 53 bits."""
    count = int(numpy.prod(shape)) if len(shape) else 1
    with numpy.errstate(over="ignore"):
        z = (numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(seed << 32)) * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    values = (z >> numpy.uint64(11)).astype(numpy.float64) * 2.0**-52 - 1
    return torch.from_numpy(values).reshape(shape)


def set_state(model):
    """Every entry, in the order of its name: matrices and kernels within 1.7 / sqrt(inputs), factors and variances from
    0.5 to 1.5, the rest within 0.1."""
    state = model.state_dict()
    for seed, name in enumerate(sorted(state), 1):
        value = state[name]
        if name.endswith("num_batches_tracked"):
            continue
        numbers = fill(value.shape, seed)
        if value.dim() > 1:
            numbers = numbers * (1.7 / (value.numel() // value.shape[0]) ** 0.5)
        elif name.endswith(("weight", "running_var")):
            numbers = 1 + 0.5 * numbers
        else:
            numbers = 0.1 * numbers
        value.copy_(numbers)


def record(name, model, shape, most=None):
    """most: for a model of indices, those of the last axis are below these numbers (one for all: [most])."""
    set_state(model)
    x = fill(shape, 1000)
    x = x.requires_grad_() if most is None else ((x + 1) / 2 * torch.tensor(most)).long()
    model.eval()
    with torch.no_grad():
        evaluated = model(x)
    model.train()
    y = model(x)
    weights = fill(y.shape, 1001)
    (y * weights).sum().backward()
    gradients = {key: [p.grad.sum().item(), (p.grad * fill(p.shape, 1002)).sum().item(), p.grad.norm().item()]
                 for key, p in [*([("input", x)] if most is None else []), *model.named_parameters()]}
    return {"model": name, "input": list(shape), "most": most, "parameters": sum(p.numel() for p in model.parameters()),
            "evaluated": evaluated.flatten().tolist(), "trained": y.detach().flatten().tolist(), "gradients": gradients}


def write(folder, cases):
    cases = [record(*case) for case in cases]
    for case in cases:
        print(case["model"], case["parameters"])
    with open(os.path.join(FOLDER, folder, "models.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
