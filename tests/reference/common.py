"""What the scripts of this folder share: tensors as JSON, recorded cases, and values that are short to write."""

import json
import math
import os
import re

import torch

torch.set_num_threads(1)

inf, nan = math.inf, math.nan
FOLDER = os.path.dirname(os.path.abspath(__file__))


def to_json(value):
    """A value as json.dumps takes it: whole floats without a fraction, NaN and the infinities as strings."""
    if isinstance(value, torch.Tensor):
        return tensor(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        negative_zero = value == 0 and math.copysign(1, value) < 0
        return int(value) if value.is_integer() and abs(value) < 1e15 and not negative_zero else value
    if isinstance(value, (list, tuple)):
        return [to_json(v) for v in value]
    if isinstance(value, dict):
        return {k: to_json(v) for k, v in value.items()}
    return value


def tensor(value):
    """A tensor as JSON: float32 with 9 significant digits, float64 as the shortest text that reads back the same."""
    data = value.detach().contiguous().reshape(-1).tolist()
    if value.dtype == torch.float32:
        data = [float("%.9g" % v) for v in data]
    elif value.dtype == torch.bool:
        data = [int(v) for v in data]
    return {"shape": list(value.shape), "dtype": str(value.dtype)[len("torch.") :], "data": [to_json(v) for v in data]}


def named(outputs):
    """Outputs by name: a tuple's are named "0", "1", ..."""
    return {str(k): v for k, v in enumerate(outputs)} if isinstance(outputs, (tuple, list)) else dict(outputs)


def snake(name):
    return re.sub("([A-Z])", lambda m: "_" + m.group(1).lower(), name)


def doubles(*data):
    return torch.tensor(data, dtype=torch.float64)


def ints(*data, dtype=torch.int64):
    return torch.tensor(data, dtype=dtype)


def bools(*data):
    return torch.tensor(data, dtype=torch.bool)


class Values:
    """Seeded values that are exact in float32 and short in JSON."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def distinct(self, *shape, low=-3.0, high=3.0, dtype=torch.float64):
        """Different multiples of 1/64 between low and high, zero left out: no ties, no kink at zero."""
        count = math.prod(shape)
        first, last = math.ceil(low * 64), math.floor(high * 64)
        grid = [k for k in range(first, last + 1) if k != 0]
        order = torch.randperm(len(grid), generator=self.generator)[:count]
        assert len(order) == count, "range too small for so many different values"
        return (torch.tensor(grid, dtype=torch.float64)[order] / 64).reshape(shape).to(dtype)

    def normal(self, *shape, dtype=torch.float64):
        """Normal values rounded to 1/64."""
        return (torch.randn(shape, generator=self.generator, dtype=torch.float64) * 64).round().div(64).to(dtype)

    def integers(self, low, high, *shape, dtype=torch.int64):
        """Integers low <= k < high."""
        return torch.randint(low, high, shape, generator=self.generator, dtype=torch.int64).to(dtype)

    def weights(self, like):
        """The gradient that flows into an output: multiples of 1/8 in -2..2, zero left out."""
        k = torch.randint(1, 17, like.shape, generator=self.generator)
        sign = torch.randint(0, 2, like.shape, generator=self.generator) * 2 - 1
        return (k * sign).to(torch.float64).div(8).to(like.dtype)


class Recorder:
    """Collects the cases of one file and writes it."""

    def __init__(self, script, file, seed):
        self.script, self.file, self.cases, self.names = script, file, [], set()
        self.values = Values(seed)

    def add(
        self, operator, name, inputs=None, arguments=None, output=None, grad_output=None, gradients=None, error=None
    ):
        """One case as it is."""
        assert (operator, name) not in self.names, f"two cases named {operator}: {name}"
        self.names.add((operator, name))
        case = {"operator": operator, "name": name, "inputs": inputs or {}, "arguments": arguments or {}}
        for key, value in (("output", output), ("gradOutput", grad_output), ("gradients", gradients), ("error", error)):
            if value is not None:
                case[key] = value
        self.cases.append(to_json(case))

    def run(self, operator, name, function, inputs, arguments=None, gradients=()):
        """Calls function(*inputs, **arguments) and records what comes, with the gradients of the inputs named.

        gradients=True means every input of floating point.
        """
        arguments = arguments or {}
        if gradients is True:
            gradients = [k for k, v in inputs.items() if v.is_floating_point()]
        given = {k: v.detach().clone().requires_grad_(k in gradients) for k, v in inputs.items()}
        outputs = function(*given.values(), **{snake(k): v for k, v in arguments.items()})
        single = isinstance(outputs, torch.Tensor)
        outputs = outputs if single else named(outputs)
        grad_output, computed = None, None
        if gradients:
            differentiable = {"": outputs} if single else {k: v for k, v in outputs.items() if v.requires_grad}
            weights = {k: self.values.weights(v) for k, v in differentiable.items()}
            torch.autograd.backward(list(differentiable.values()), list(weights.values()))
            grad_output = weights[""] if single else weights
            computed = {k: given[k].grad for k in gradients}
            assert all(v is not None for v in computed.values()), f"{operator}: {name}: an input got no gradient"
        self.add(operator, name, inputs, arguments, outputs, grad_output, computed)

    def write(self):
        """One case a line, so that a change of one case is a change of one line."""
        head = json.dumps({"script": self.script, "torch": torch.__version__})[:-1]
        lines = ",\n".join(json.dumps(c, separators=(",", ":"), allow_nan=False) for c in self.cases)
        path = os.path.join(FOLDER, self.file)
        with open(path, "w", encoding="utf-8", newline="\n") as f:
            f.write(f'{head}, "cases": [\n{lines}\n]}}\n')
        print(f"{self.file}: {len(self.cases)} cases, {os.path.getsize(path):,} bytes")
