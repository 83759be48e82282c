"""Operators: values and gradients. Run: /usr/bin/python3 tests/reference/make_operators.py"""

import math

import torch
import torch.nn.functional as F

from common import Recorder

recorder = Recorder("make_operators.py", "operators.json", seed=1)
values, run = recorder.values, recorder.run
inf, nan = math.inf, math.nan


def doubles(*data):
    return torch.tensor(data, dtype=torch.float64)


def ints(*data, dtype=torch.int64):
    return torch.tensor(data, dtype=dtype)


def bools(*data):
    return torch.tensor(data, dtype=torch.bool)


# ---------------------------------------------------------------- pointwise functions of one input

def pointwise(operator, function, low=-3.0, high=3.0, arguments=None, label="", smooth=True, extreme=1000.0):
    suffix = f" {label}" if label else ""
    x = values.distinct(3, 5, low=low, high=high)
    run(operator, "ordinary values" + suffix, function, {"input": x}, arguments, gradients=True if smooth else ())
    special = [-inf, -extreme, -20.0, -2.5, -1.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 1.5, 2.5, 20.0, extreme, inf, nan]
    for dtype, text in ((torch.float64, "float64"), (torch.float32, "float32")):
        run(operator, f"extremes in {text}" + suffix, function, {"input": torch.tensor(special, dtype=dtype)}, arguments)


for name in ("exp", "expm1", "sin", "cos", "tan", "tanh", "sigmoid", "square", "neg", "abs", "erf", "atan"):
    pointwise(name, getattr(torch, name), low=-1.4 if name == "tan" else -3.0, high=1.4 if name == "tan" else 3.0)
for name in ("log", "log2", "log10", "sqrt", "rsqrt"):
    pointwise(name, getattr(torch, name), low=0.1, high=5.0)
pointwise("log1p", torch.log1p, low=-0.9, high=5.0)
pointwise("reciprocal", torch.reciprocal)
for name in ("sign", "floor", "ceil", "round", "trunc"):
    # Derivative zero away from the steps: multiples of 1/64 that are neither whole nor half.
    pointwise(name, getattr(torch, name), smooth=False)
    run(name, "gradient is zero", getattr(torch, name), {"input": doubles(-1.75, -0.25, 0.25, 2.75)}, gradients=True)
for name in ("isnan", "isinf", "isfinite"):
    run(name, "special values", getattr(torch, name), {"input": doubles(-inf, -1.0, 0.0, 2.0, inf, nan)})
pointwise("relu", F.relu)
pointwise("leaky_relu", F.leaky_relu)
pointwise("leaky_relu", F.leaky_relu, arguments={"negativeSlope": 0.25}, label="negativeSlope 0.25")
pointwise("elu", F.elu)
pointwise("elu", F.elu, arguments={"alpha": 0.5}, label="alpha 0.5")
pointwise("gelu", F.gelu)
pointwise("gelu", F.gelu, arguments={"approximate": "tanh"}, label="tanh")
pointwise("silu", F.silu)
pointwise("softplus", F.softplus)
pointwise("softplus", F.softplus, arguments={"beta": 2.0, "threshold": 3.0}, label="beta 2 threshold 3")
pointwise("clamp", torch.clamp, arguments={"min": -1.01, "max": 1.51}, label="both bounds")
pointwise("clamp", torch.clamp, arguments={"min": -1.01}, label="min only")
pointwise("clamp", torch.clamp, arguments={"max": 1.51}, label="max only")
run("clamp", "max below min gives max", torch.clamp, {"input": doubles(-2, 0, 2)}, {"min": 1.0, "max": -1.0})
run("clamp", "int64", torch.clamp, {"input": ints(-5, 0, 5)}, {"min": -2, "max": 3})

# PyTorch's conventions where a derivative jumps.
for name, function, arguments, points in (
    ("relu", F.relu, None, (0.0, -0.0)),
    ("abs", torch.abs, None, (0.0, -0.0)),
    ("leaky_relu", F.leaky_relu, None, (0.0,)),
    ("elu", F.elu, {"alpha": 0.5}, (0.0,)),
    ("clamp", torch.clamp, {"min": -1.0, "max": 1.0}, (-1.0, 1.0)),
    ("sqrt", torch.sqrt, None, (0.0,)),
    ("log", torch.log, None, (0.0,)),
):
    run(name, "gradient at the kink", function, {"input": doubles(*points)}, arguments, gradients=True)

for exponent in (2.0, 3.0, 0.5, -1.0, -2.0, 0.0, 1.0, 2.5):
    run("pow", f"scalar exponent {exponent:g}", torch.pow, {"input": values.distinct(6, low=0.2, high=3)}, {"exponent": exponent}, gradients=True)
run("pow", "negative base, whole exponent", torch.pow, {"input": doubles(-2, -1.5, -0.5)}, {"exponent": 3.0}, gradients=True)
run("pow", "special values", torch.pow, {
    "input": doubles(-inf, -2.0, 0.0, 0.0, 0.0, 1.0, 2.0, inf, nan, nan, -8.0, inf),
    "exponent": doubles(3.0, 0.5, 0.0, -1.0, 2.0, nan, inf, -1.0, 0.0, 1.0, 1.0 / 3, 0.0)})
run("pow", "tensors", torch.pow, {"input": values.distinct(2, 3, low=0.2), "exponent": values.distinct(3)}, gradients=True)
run("pow", "zero base gradients", torch.pow, {"input": doubles(0.0, 0.0, 0.0), "exponent": doubles(0.0, 1.0, 2.0)}, gradients=True)
run("pow", "int64", torch.pow, {"input": ints(-3, -2, -1, 0, 1, 2, 7)}, {"exponent": 3})
run("pow", "int64 tensors", torch.pow, {"input": ints(-3, 2, 0, 10), "exponent": ints(3, 10, 0, 4)})
run("pow", "int64 negative exponents", torch.pow, {"input": ints(-1, 1, 2, -1), "exponent": ints(-3, -2, -1, -2)})
run("pow", "int32 with float exponent", torch.pow, {"input": ints(1, 4, 9, dtype=torch.int32)}, {"exponent": 0.5})
run("pow", "scalar base", lambda exponent, base: torch.pow(base, exponent), {"exponent": values.distinct(4)}, {"base": 2.0}, gradients=True)

# ---------------------------------------------------------------- arithmetic, comparison and logic of two inputs

SHAPES = (((4,), (4,)), ((2, 3), (3,)), ((2, 1, 3), (4, 1)), ((3,), ()), ((), (2, 2)), ((0, 3), (1, 3)))
for name in ("add", "sub", "mul", "div", "minimum", "maximum"):
    for a, b in SHAPES:
        run(name, f"{list(a)} with {list(b)}", getattr(torch, name), {
            "input": values.distinct(*a), "other": values.distinct(*b, low=0.3, high=3.2)}, gradients=True)
PAIRS = {"input": doubles(1, 2, 2, -0.0, nan, 1, inf, -inf, inf), "other": doubles(2, 2, 1, 0.0, 1, nan, inf, inf, 1)}
for name in ("add", "sub", "mul", "div", "minimum", "maximum", "eq", "ne", "lt", "le", "gt", "ge"):
    run(name, "special values", getattr(torch, name), PAIRS)
for name in ("eq", "ne", "lt", "le", "gt", "ge"):
    run(name, "broadcast", getattr(torch, name), {"input": values.integers(0, 3, 3, 1), "other": values.integers(0, 3, 1, 4)})
    run(name, "with a scalar", getattr(torch, name), {"input": doubles(-1, 0.5, 2)}, {"other": 0.5})
run("minimum", "ties share the gradient", torch.minimum, {"input": doubles(1, 2), "other": doubles(1, 3)}, gradients=True)
run("maximum", "ties share the gradient", torch.maximum, {"input": doubles(1, 2), "other": doubles(1, 3)}, gradients=True)
run("add", "alpha", torch.add, {"input": values.distinct(3), "other": values.distinct(3)}, {"alpha": 0.5}, gradients=True)

DIVIDENDS = [-8, -7, -7, -1, 0, 1, 7, 7, 8, 5, -5]
DIVISORS = [3, 2, -2, 3, 5, -3, 2, -2, -3, 5, 5]
for dtype in (torch.int32, torch.int64, torch.float32, torch.float64):
    text = str(dtype)[6:]
    pair = {"input": torch.tensor(DIVIDENDS, dtype=dtype), "other": torch.tensor(DIVISORS, dtype=dtype)}
    run("floor_divide", text, torch.floor_divide, pair)
    run("remainder", text, torch.remainder, pair)
    run("fmod", text, torch.fmod, pair)
    run("div", f"true division of {text}", torch.div, pair)
    run("div", f"floor of {text}", torch.div, pair, {"roundingMode": "floor"})
    run("div", f"trunc of {text}", torch.div, pair, {"roundingMode": "trunc"})
FRACTIONS = {"input": doubles(-5.5, -0.5, 5.5, 5.5, -5.5, 1, -1, 0, inf, 5, nan, -1e-20), "other": doubles(2, 2, 2, -2, -2, 0, 0, 0, 2, inf, 1, 3)}
for name in ("floor_divide", "remainder", "fmod"):
    run(name, "fractions and special values", getattr(torch, name), FRACTIONS)
run("remainder", "gradient", torch.remainder, {"input": doubles(-5.5, 5.5, -1.25), "other": doubles(2, 2, -0.75)}, gradients=True)
run("add", "uint8 wraps around", torch.add, {"input": ints(250, 255, 3, dtype=torch.uint8), "other": ints(10, 1, 4, dtype=torch.uint8)})
run("sub", "uint8 wraps around", torch.sub, {"input": ints(3, 0, dtype=torch.uint8), "other": ints(4, 1, dtype=torch.uint8)})
run("mul", "uint8 wraps around", torch.mul, {"input": ints(20, 255, dtype=torch.uint8), "other": ints(20, 255, dtype=torch.uint8)})
run("add", "int32 wraps around", torch.add, {"input": ints(2147483647, -2147483648, dtype=torch.int32), "other": ints(1, -1, dtype=torch.int32)})
run("add", "bool is or", torch.add, {"input": bools(False, False, True, True), "other": bools(False, True, False, True)})
run("mul", "bool is and", torch.mul, {"input": bools(False, False, True, True), "other": bools(False, True, False, True)})
for name in ("logical_and", "logical_or", "logical_xor"):
    run(name, "bool", getattr(torch, name), {"input": bools(False, False, True, True), "other": bools(False, True, False, True)})
    run(name, "numbers", getattr(torch, name), {"input": doubles(0, 0, -2, nan), "other": doubles(0, 3, 0.0, 1)})
run("logical_not", "bool", torch.logical_not, {"input": bools(False, True)})
run("logical_not", "numbers", torch.logical_not, {"input": doubles(0, -0.0, 2, nan)})

# ---------------------------------------------------------------- reductions

DIMS = ((None, False), ([0], False), ([1], True), ([-1], False), ([0, 2], False), ([0, 2], True), ([0, 1, 2], True))


def reduce_by(function):
    return lambda input, dim=None, **rest: function(input, **rest) if dim is None else function(input, tuple(dim), **rest)


for name in ("sum", "mean", "amax", "amin"):
    for dim, keepdim in DIMS:
        arguments = {} if dim is None else {"dim": dim, "keepdim": keepdim}
        run(name, f"dim {dim}{' kept' if keepdim else ''}", reduce_by(getattr(torch, name)), {"input": values.distinct(2, 3, 4)}, arguments, gradients=True)
for name in ("var", "std"):
    for unbiased in (True, False):
        for dim, keepdim in DIMS:
            dim = [0, 1, 2] if dim is None else dim
            run(name, f"dim {dim}{' kept' if keepdim else ''}, {'' if unbiased else 'not '}unbiased", reduce_by(getattr(torch, name)),
                {"input": values.distinct(2, 3, 4)}, {"dim": dim, "unbiased": unbiased, "keepdim": keepdim}, gradients=True)
    run(name, "all elements", getattr(torch, name), {"input": values.distinct(7)}, gradients=True)
    run(name, "one element gives NaN when unbiased", getattr(torch, name), {"input": doubles(2.0)})
for dim, keepdim in DIMS:
    dim = [0, 1, 2] if dim is None else dim
    run("logsumexp", f"dim {dim}{' kept' if keepdim else ''}", reduce_by(torch.logsumexp), {"input": values.distinct(2, 3, 4)}, {"dim": dim, "keepdim": keepdim}, gradients=True)
    for order in (1.0, 2.0, 3.0, inf, -inf, 0.0):
        # Of a p-norm: for 1 and the infinities the values are distinct and nonzero, so the gradient is smooth.
        run("norm", f"p {order:g} dim {dim}{' kept' if keepdim else ''}", lambda input, p, dim, keepdim: torch.norm(input, p=p, dim=tuple(dim), keepdim=keepdim),
            {"input": values.distinct(2, 3, 4)}, {"p": order, "dim": dim, "keepdim": keepdim}, gradients=True if order != 0 else ())
run("norm", "zero vector has gradient zero", torch.norm, {"input": doubles(0, 0, 0)}, {"p": 2.0}, gradients=True)
run("logsumexp", "large and infinite values", torch.logsumexp, {"input": torch.tensor([[1000.0, 1000.0], [-1000, -1001], [-inf, -inf], [inf, 1], [-inf, 2], [nan, 1]], dtype=torch.float64)}, {"dim": 1})
for name in ("max", "min"):
    function = getattr(torch, name)
    run(name, "all elements", function, {"input": values.distinct(2, 3)}, gradients=True)
    run(name, "all elements, ties share the gradient", function, {"input": doubles(1, 2, 2, 1)}, gradients=True)
    run(name, "NaN wins", function, {"input": doubles(1, nan, 2)})
    for dim, keepdim in ((0, False), (1, True), (-1, False)):
        def both(input, dim, keepdim, function=function):
            result = function(input, dim=dim, keepdim=keepdim)
            return {"values": result.values, "indices": result.indices}
        run(name, f"dim {dim}{' kept' if keepdim else ''}", both, {"input": values.distinct(2, 3, 4)}, {"dim": dim, "keepdim": keepdim}, gradients=True)
        run(name, f"dim {dim}{' kept' if keepdim else ''}, int64", both, {"input": torch.randperm(24, generator=values.generator).reshape(2, 3, 4)}, {"dim": dim, "keepdim": keepdim})
    arg = getattr(torch, "arg" + name)
    run("arg" + name, "all elements", arg, {"input": values.distinct(3, 4)})
    run("arg" + name, "dim 0", arg, {"input": values.distinct(3, 4)}, {"dim": 0, "keepdim": False})
    run("arg" + name, "dim 1 kept", arg, {"input": values.distinct(3, 4)}, {"dim": 1, "keepdim": True})
    run("arg" + name, "NaN wins", arg, {"input": doubles(1, nan, 2, nan)}, {"dim": 0, "keepdim": False})
    run("arg" + name, "first of equal values", arg, {"input": doubles(1, 3, 3, 1)}, {"dim": 0, "keepdim": False})
run("prod", "all elements", torch.prod, {"input": values.distinct(2, 3)}, gradients=True)
run("prod", "dim 1 kept", torch.prod, {"input": values.distinct(2, 3)}, {"dim": 1, "keepdim": True}, gradients=True)
run("prod", "dim 0", torch.prod, {"input": values.distinct(3, 2)}, {"dim": 0, "keepdim": False}, gradients=True)
run("prod", "one and two zeros", torch.prod, {"input": torch.tensor([[2.0, 0, 3], [0, 5, 0], [1, 2, 3]], dtype=torch.float64)}, {"dim": 1, "keepdim": False}, gradients=True)
run("cumsum", "dim 0", torch.cumsum, {"input": values.distinct(3, 4)}, {"dim": 0}, gradients=True)
run("cumsum", "dim -1", torch.cumsum, {"input": values.distinct(2, 2, 3)}, {"dim": -1}, gradients=True)
run("cumsum", "int32 gives int64", torch.cumsum, {"input": ints(1, 2, 3, dtype=torch.int32)}, {"dim": 0})
for name in ("any", "all"):
    matrix = torch.tensor([[0, 0, 0], [0, 1, 0], [1, 1, 1]]).bool()
    run(name, "all elements", getattr(torch, name), {"input": matrix})
    run(name, "dim 1", getattr(torch, name), {"input": matrix}, {"dim": 1, "keepdim": False})
    run(name, "dim 0 kept", getattr(torch, name), {"input": matrix}, {"dim": 0, "keepdim": True})
    run(name, "numbers, NaN counts as true", getattr(torch, name), {"input": torch.tensor([[0, nan], [-1, 2.0]], dtype=torch.float64)}, {"dim": 1, "keepdim": False})
    run(name, "nothing", getattr(torch, name), {"input": torch.zeros(0, dtype=torch.bool)})
for name in ("sum", "prod", "mean"):
    run(name, "nothing", getattr(torch, name), {"input": torch.zeros(0, dtype=torch.float64)})
    run(name, "empty dim 1", getattr(torch, name), {"input": torch.zeros(2, 0, dtype=torch.float64)}, {"dim": 1, "keepdim": False})
for dtype in (torch.uint8, torch.int32, torch.bool):
    for name in ("sum", "prod"):
        run(name, f"{str(dtype)[6:]} gives int64", getattr(torch, name), {"input": ints(1, 1, 200 if dtype == torch.uint8 else 1, dtype=torch.int64).to(dtype)})
for name in ("sum", "mean", "amax", "amin", "prod", "var", "std"):
    for label, data in (("infinities", (1.0, inf, -inf)), ("NaN", (1.0, nan, 3.0))):
        run(name, label, lambda input, name=name: getattr(torch, name)(input), {"input": doubles(*data)})

# ---------------------------------------------------------------- order

for descending in (False, True):
    way = "descending" if descending else "ascending"
    def ordered(input, **arguments):
        result = torch.sort(input, **arguments)
        return {"values": result.values, "indices": result.indices}
    run("sort", f"{way}, dim -1", ordered, {"input": values.distinct(3, 5)}, {"dim": -1, "descending": descending}, gradients=True)
    run("sort", f"{way}, dim 0", ordered, {"input": values.distinct(4, 3)}, {"dim": 0, "descending": descending}, gradients=True)
    run("sort", f"{way}, stable", ordered, {"input": values.integers(0, 3, 12)}, {"dim": 0, "descending": descending, "stable": True})
    run("sort", f"{way}, NaN counts as the largest", ordered, {"input": doubles(1, nan, -inf, 3, inf, nan, 2)}, {"dim": 0, "descending": descending, "stable": True})
    run("argsort", way, torch.argsort, {"input": values.distinct(2, 6)}, {"dim": -1, "descending": descending})
for largest in (True, False):
    def top(input, **arguments):
        result = torch.topk(input, **arguments)
        return {"values": result.values, "indices": result.indices}
    way = "largest" if largest else "smallest"
    run("topk", f"{way} 3 of 6", top, {"input": values.distinct(2, 6)}, {"k": 3, "dim": -1, "largest": largest, "sorted": True}, gradients=True)
    run("topk", f"{way} 2, dim 0", top, {"input": values.distinct(5, 3)}, {"k": 2, "dim": 0, "largest": largest, "sorted": True}, gradients=True)
    run("topk", f"{way}, all of them", top, {"input": values.distinct(4)}, {"k": 4, "dim": 0, "largest": largest, "sorted": True})

# ---------------------------------------------------------------- products

for a, b in (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (5, 3, 2)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 2)),
             ((2, 1, 3, 4), (5, 4, 2)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)), ((2, 0), (0, 3)), ((0, 3), (3, 2))):
    run("matmul", f"{list(a)} by {list(b)}", torch.matmul, {"input": values.distinct(*a), "other": values.distinct(*b)}, gradients=True)
run("matmul", "int64", torch.matmul, {"input": values.integers(-5, 5, 2, 3), "other": values.integers(-5, 5, 3, 2)})
run("outer", "3 by 4", torch.outer, {"input": values.distinct(3), "vec2": values.distinct(4)}, gradients=True)
for equation, *shapes in (
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ij->ji", (2, 3)), ("ba", (2, 3)), ("ii->i", (3, 3)), ("ii->", (3, 3)), ("ii", (3, 3)),
    ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)), ("...ij,...jk->...ik", (2, 1, 2, 3), (4, 3, 2)), ("b...->b", (2, 3, 2)), ("...ii->...i", (2, 3, 3)),
    ("i,j->ij", (3,), (4,)), ("i,i->", (4,), (4,)), ("ij->", (2, 3)), ("ij->j", (2, 3)), ("bi,ij,bj->b", (2, 3), (3, 4), (2, 4)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 2, 4)), ("...i,i", (2, 3), (3,)), ("ijk,ijk->ik", (2, 3, 2), (2, 3, 2)), ("ij,kl->ijkl", (2, 2), (2, 3)),
    ("ij, ij -> i j", (2, 3), (2, 3)), ("i...,i...->...", (3, 2), (3, 1)),
):
    inputs = {chr(ord("a") + k): values.distinct(*shape) for k, shape in enumerate(shapes)}
    run("einsum", equation, lambda *tensors, equation: torch.einsum(equation, *tensors), inputs, {"equation": equation}, gradients=True)
run("trace", "diagonal sum", torch.trace, {"input": values.distinct(3, 4)}, gradients=True)
run("diagonal", "of a matrix", torch.diagonal, {"input": values.distinct(3, 4)}, {"offset": 0}, gradients=True)

# ---------------------------------------------------------------- softmax

for name in ("softmax", "log_softmax"):
    function = getattr(torch, name)
    for shape, dim in (((5,), 0), ((2, 3, 4), 1), ((2, 3, 4), -1), ((2, 3, 4), 0)):
        run(name, f"{list(shape)} dim {dim}", function, {"input": values.distinct(*shape)}, {"dim": dim}, gradients=True)
    run(name, "large, masked and broken rows", function, {"input": torch.tensor(
        [[1000.0, 1000, 999], [-inf, 0, 1], [-inf, -inf, -inf], [inf, 0, 1], [nan, 0, 1], [-1000, 0, 1000]], dtype=torch.float64)}, {"dim": 1})

# ---------------------------------------------------------------- indexing

run("gather", "dim 0", lambda input, index, dim: torch.gather(input, dim, index), {"input": values.distinct(3, 4), "index": ints([0, 2, 1], [1, 1, 0])}, {"dim": 0}, gradients=True)
run("gather", "dim 1, repeated", lambda input, index, dim: torch.gather(input, dim, index), {"input": values.distinct(2, 4), "index": ints([3, 3, 0, 1, 3], [2, 0, 0, 2, 1])}, {"dim": 1}, gradients=True)
run("gather", "3-D, dim 1", lambda input, index, dim: torch.gather(input, dim, index), {"input": values.distinct(2, 3, 2), "index": values.integers(0, 3, 2, 2, 2)}, {"dim": 1}, gradients=True)
scatter = lambda input, index, src, dim: torch.scatter_add(input, dim, index, src)
run("scatter_add", "dim 0, repeated", scatter, {"input": values.distinct(3, 4), "index": ints([0, 2, 1], [0, 1, 1]), "src": values.distinct(2, 3)}, {"dim": 0}, gradients=True)
run("scatter_add", "dim 1, repeated", scatter, {"input": values.distinct(2, 3), "index": ints([2, 2, 0, 2], [1, 0, 1, 1]), "src": values.distinct(2, 4)}, {"dim": 1}, gradients=True)
select = lambda input, index, dim: torch.index_select(input, dim, index)
run("index_select", "dim 0, repeated", select, {"input": values.distinct(3, 2), "index": ints(2, 0, 2, 1)}, {"dim": 0}, gradients=True)
run("index_select", "dim -1", select, {"input": values.distinct(2, 2, 3), "index": ints(1, 1)}, {"dim": -1}, gradients=True)
run("masked_fill", "broadcast mask", torch.masked_fill, {"input": values.distinct(2, 3), "mask": bools(True, False, True)}, {"value": -1.5}, gradients=True)
run("masked_fill", "with minus infinity", torch.masked_fill, {"input": values.distinct(2, 2), "mask": bools([True, False], [False, False])}, {"value": -inf}, gradients=True)
where = lambda condition, input, other: torch.where(condition, input, other)
run("where", "equal shapes", where, {"condition": bools([True, False, True], [False, False, True]), "input": values.distinct(2, 3), "other": values.distinct(2, 3)}, gradients=True)
run("where", "all three broadcast", where, {"condition": bools([True], [False]), "input": values.distinct(3), "other": values.distinct(4, 1, 1)}, gradients=True)
for name in ("tril", "triu"):
    for diagonal in (0, 1, -1, 3, -3):
        run(name, f"diagonal {diagonal}", getattr(torch, name), {"input": values.distinct(3, 4)}, {"diagonal": diagonal}, gradients=True)
    run(name, "batched", getattr(torch, name), {"input": values.distinct(2, 3, 2)}, {"diagonal": 0}, gradients=True)

# ---------------------------------------------------------------- shape

for shape, repeats in (((2, 3), (2, 2)), ((3,), (2, 1, 2)), ((2, 1), (1, 3)), ((2, 2), (0, 1)), ((2, 2), (3, 1, 2))):
    run("repeat", f"{list(shape)} by {list(repeats)}", lambda input, repeats: input.repeat(repeats), {"input": values.distinct(*shape)}, {"repeats": list(repeats)}, gradients=True)
for dims in ([0], [1], [0, 2], [-1]):
    run("flip", f"dims {dims}", torch.flip, {"input": values.distinct(2, 3, 2)}, {"dims": dims}, gradients=True)
for shape, pad in (((3,), (1, 2)), ((2, 3), (1, 0)), ((2, 3), (1, 2, 0, 1)), ((2, 3, 4), (-1, 1)), ((2, 3, 4), (1, 1, -1, -1))):
    run("pad", f"constant, {list(shape)} by {list(pad)}", F.pad, {"input": values.distinct(*shape)}, {"pad": list(pad), "mode": "constant", "value": 0.5}, gradients=True)
for mode in ("reflect", "replicate", "circular"):
    for shape, pad in (((1, 2, 4), (2, 1)), ((2, 1, 3, 4), (1, 2, 2, 1)), ((1, 1, 3, 3), (0, 2, 1, 0))):
        run("pad", f"{mode}, {list(shape)} by {list(pad)}", F.pad, {"input": values.distinct(*shape)}, {"pad": list(pad), "mode": mode}, gradients=True)
run("one_hot", "classes given", F.one_hot, {"input": ints(0, 2, 1)}, {"numClasses": 4})
run("one_hot", "classes counted, 2-D", F.one_hot, {"input": ints([0, 2], [1, 3])}, {"numClasses": -1})
join = lambda *tensors, dim: torch.cat(tensors, dim)
run("cat", "dim 0", join, {"a": values.distinct(1, 3), "b": values.distinct(2, 3), "c": values.distinct(0, 3)}, {"dim": 0}, gradients=True)
run("cat", "dim -1", join, {"a": values.distinct(2, 1), "b": values.distinct(2, 3)}, {"dim": -1}, gradients=True)
run("cat", "int32 with float64", join, {"a": ints(1, 2, dtype=torch.int32), "b": doubles(0.5)}, {"dim": 0})
for dim in (0, 1, -1):
    run("stack", f"dim {dim}", lambda *tensors, dim: torch.stack(tensors, dim), {"a": values.distinct(2, 3), "b": values.distinct(2, 3)}, {"dim": dim}, gradients=True)
split = lambda input, split_size_or_sections, dim: torch.split(input, split_size_or_sections, dim)
run("split", "size 2 of 5", split, {"input": values.distinct(5, 2)}, {"splitSizeOrSections": 2, "dim": 0}, gradients=True)
run("split", "sections 1, 3", split, {"input": values.distinct(2, 4)}, {"splitSizeOrSections": [1, 3], "dim": 1}, gradients=True)
for count in (1, 2, 3, 4, 6):
    run("chunk", f"5 into {count}", torch.chunk, {"input": values.distinct(5, 2)}, {"chunks": count, "dim": 0}, gradients=True)
for arguments in ({"start": 0, "end": 5, "step": 1}, {"start": 2, "end": 9, "step": 3}, {"start": 5, "end": -2, "step": -2},
                  {"start": 0.0, "end": 1.0, "step": 0.1}, {"start": 1.5, "end": -0.6, "step": -0.7}, {"start": 3, "end": 3, "step": 1}):
    for dtype in ("float64", "float32", "int64") if all(isinstance(v, int) for v in arguments.values()) else ("float64", "float32"):
        run("arange", f"{arguments['start']} to {arguments['end']} by {arguments['step']}, {dtype}",
            lambda start, end, step, dtype: torch.arange(start, end, step, dtype=getattr(torch, dtype)), {}, {**arguments, "dtype": dtype})
for start, end, steps in ((0.0, 1.0, 11), (-2.0, 3.0, 6), (3.0, -1.0, 5), (2.0, 7.0, 1), (1.0, 2.0, 0), (0.1, 0.7, 7)):
    for dtype in ("float64", "float32"):
        run("linspace", f"{start:g} to {end:g}, {steps} steps, {dtype}", lambda start, end, steps, dtype: torch.linspace(start, end, steps, dtype=getattr(torch, dtype)),
            {}, {"start": start, "end": end, "steps": steps, "dtype": dtype})
for name, function, shape, arguments in (
    ("reshape", lambda input, shape: input.reshape(shape), (2, 3, 4), {"shape": [4, -1]}),
    ("flatten", torch.flatten, (2, 3, 4), {"startDim": 1, "endDim": -1}),
    ("squeeze", torch.squeeze, (2, 1, 3), {"dim": 1}),
    ("unsqueeze", torch.unsqueeze, (2, 3), {"dim": -1}),
    ("transpose", torch.transpose, (2, 3, 4), {"dim0": 0, "dim1": 2}),
    ("permute", lambda input, dims: input.permute(dims), (2, 3, 4), {"dims": [2, 0, 1]}),
    ("expand", lambda input, sizes: input.expand(sizes), (3, 1), {"sizes": [2, -1, 4]}),
    ("select", lambda input, dim, index: input.select(dim, index), (2, 3, 4), {"dim": 1, "index": -1}),
    ("narrow", torch.narrow, (2, 5), {"dim": 1, "start": 1, "length": 3}),
):
    run(name, "gradient of the view", function, {"input": values.distinct(*shape)}, arguments, gradients=True)

recorder.write()
