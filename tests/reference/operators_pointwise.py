"""Pointwise functions, arithmetic, comparison and logic: cases for make_operators.py."""

import torch
import torch.nn.functional as F

from common import bools, doubles, inf, ints, nan


def record(recorder):
    values, run = recorder.values, recorder.run

    # ---------------------------------------------------------------- pointwise functions of one input

    def pointwise(operator, function, low=-3.0, high=3.0, arguments=None, label="", smooth=True, extreme=1000.0):
        suffix = f" {label}" if label else ""
        x = values.distinct(3, 5, low=low, high=high)
        run(operator, "ordinary values" + suffix, function, {"input": x}, arguments, gradients=True if smooth else ())
        special = [
            -inf,
            -extreme,
            -20.0,
            -2.5,
            -1.5,
            -1.0,
            -0.5,
            -0.0,
            0.0,
            0.5,
            1.0,
            1.5,
            2.5,
            20.0,
            extreme,
            inf,
            nan,
        ]
        for dtype, text in ((torch.float64, "float64"), (torch.float32, "float32")):
            run(
                operator,
                f"extremes in {text}" + suffix,
                function,
                {"input": torch.tensor(special, dtype=dtype)},
                arguments,
            )

    for name in ("exp", "expm1", "sin", "cos", "tan", "tanh", "sigmoid", "square", "neg", "abs", "erf", "atan"):
        pointwise(name, getattr(torch, name), low=-1.4 if name == "tan" else -3.0, high=1.4 if name == "tan" else 3.0)
    for name in ("log", "log2", "log10", "sqrt", "rsqrt"):
        pointwise(name, getattr(torch, name), low=0.1, high=5.0)
    pointwise("log1p", torch.log1p, low=-0.9, high=5.0)
    pointwise("reciprocal", torch.reciprocal)
    for name in ("sign", "floor", "ceil", "round", "trunc"):
        # Derivative zero away from the steps: multiples of 1/64 that are neither whole nor half.
        pointwise(name, getattr(torch, name), smooth=False)
        run(
            name, "gradient is zero", getattr(torch, name), {"input": doubles(-1.75, -0.25, 0.25, 2.75)}, gradients=True
        )
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
        run(
            "pow",
            f"scalar exponent {exponent:g}",
            torch.pow,
            {"input": values.distinct(6, low=0.2, high=3)},
            {"exponent": exponent},
            gradients=True,
        )
    run(
        "pow",
        "negative base, whole exponent",
        torch.pow,
        {"input": doubles(-2, -1.5, -0.5)},
        {"exponent": 3.0},
        gradients=True,
    )
    run(
        "pow",
        "special values",
        torch.pow,
        {
            "input": doubles(-inf, -2.0, 0.0, 0.0, 0.0, 1.0, 2.0, inf, nan, nan, -8.0, inf),
            "exponent": doubles(3.0, 0.5, 0.0, -1.0, 2.0, nan, inf, -1.0, 0.0, 1.0, 1.0 / 3, 0.0),
        },
    )
    run(
        "pow",
        "tensors",
        torch.pow,
        {"input": values.distinct(2, 3, low=0.2), "exponent": values.distinct(3)},
        gradients=True,
    )
    run(
        "pow",
        "zero base gradients",
        torch.pow,
        {"input": doubles(0.0, 0.0, 0.0), "exponent": doubles(0.0, 1.0, 2.0)},
        gradients=True,
    )
    run("pow", "int64", torch.pow, {"input": ints(-3, -2, -1, 0, 1, 2, 7)}, {"exponent": 3})
    run("pow", "int64 tensors", torch.pow, {"input": ints(-3, 2, 0, 10), "exponent": ints(3, 10, 0, 4)})
    run("pow", "int64 negative exponents", torch.pow, {"input": ints(-1, 1, 2, -1), "exponent": ints(-3, -2, -1, -2)})
    run("pow", "int32 with float exponent", torch.pow, {"input": ints(1, 4, 9, dtype=torch.int32)}, {"exponent": 0.5})
    run(
        "pow",
        "scalar base",
        lambda exponent, base: torch.pow(base, exponent),
        {"exponent": values.distinct(4)},
        {"base": 2.0},
        gradients=True,
    )

    # ---------------------------------------------------------------- arithmetic, comparison and logic of two inputs

    SHAPES = (((4,), (4,)), ((2, 3), (3,)), ((2, 1, 3), (4, 1)), ((3,), ()), ((), (2, 2)), ((0, 3), (1, 3)))
    for name in ("add", "sub", "mul", "div", "minimum", "maximum"):
        for a, b in SHAPES:
            run(
                name,
                f"{list(a)} with {list(b)}",
                getattr(torch, name),
                {"input": values.distinct(*a), "other": values.distinct(*b, low=0.3, high=3.2)},
                gradients=True,
            )
    PAIRS = {
        "input": doubles(1, 2, 2, -0.0, nan, 1, inf, -inf, inf),
        "other": doubles(2, 2, 1, 0.0, 1, nan, inf, inf, 1),
    }
    for name in ("add", "sub", "mul", "div", "minimum", "maximum", "eq", "ne", "lt", "le", "gt", "ge"):
        run(name, "special values", getattr(torch, name), PAIRS)
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        run(
            name,
            "broadcast",
            getattr(torch, name),
            {"input": values.integers(0, 3, 3, 1), "other": values.integers(0, 3, 1, 4)},
        )
        run(name, "with a scalar", getattr(torch, name), {"input": doubles(-1, 0.5, 2)}, {"other": 0.5})
    run(
        "minimum",
        "ties share the gradient",
        torch.minimum,
        {"input": doubles(1, 2), "other": doubles(1, 3)},
        gradients=True,
    )
    run(
        "maximum",
        "ties share the gradient",
        torch.maximum,
        {"input": doubles(1, 2), "other": doubles(1, 3)},
        gradients=True,
    )
    run(
        "add",
        "alpha",
        torch.add,
        {"input": values.distinct(3), "other": values.distinct(3)},
        {"alpha": 0.5},
        gradients=True,
    )

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
    FRACTIONS = {
        "input": doubles(-5.5, -0.5, 5.5, 5.5, -5.5, 1, -1, 0, inf, 5, nan, -1e-20),
        "other": doubles(2, 2, 2, -2, -2, 0, 0, 0, 2, inf, 1, 3),
    }
    for name in ("floor_divide", "remainder", "fmod"):
        run(name, "fractions and special values", getattr(torch, name), FRACTIONS)
    run(
        "remainder",
        "gradient",
        torch.remainder,
        {"input": doubles(-5.5, 5.5, -1.25), "other": doubles(2, 2, -0.75)},
        gradients=True,
    )
    run(
        "add",
        "uint8 wraps around",
        torch.add,
        {"input": ints(250, 255, 3, dtype=torch.uint8), "other": ints(10, 1, 4, dtype=torch.uint8)},
    )
    run(
        "sub",
        "uint8 wraps around",
        torch.sub,
        {"input": ints(3, 0, dtype=torch.uint8), "other": ints(4, 1, dtype=torch.uint8)},
    )
    run(
        "mul",
        "uint8 wraps around",
        torch.mul,
        {"input": ints(20, 255, dtype=torch.uint8), "other": ints(20, 255, dtype=torch.uint8)},
    )
    run(
        "add",
        "int32 wraps around",
        torch.add,
        {"input": ints(2147483647, -2147483648, dtype=torch.int32), "other": ints(1, -1, dtype=torch.int32)},
    )
    run(
        "add",
        "bool is or",
        torch.add,
        {"input": bools(False, False, True, True), "other": bools(False, True, False, True)},
    )
    run(
        "mul",
        "bool is and",
        torch.mul,
        {"input": bools(False, False, True, True), "other": bools(False, True, False, True)},
    )
    for name in ("logical_and", "logical_or", "logical_xor"):
        run(
            name,
            "bool",
            getattr(torch, name),
            {"input": bools(False, False, True, True), "other": bools(False, True, False, True)},
        )
        run(name, "numbers", getattr(torch, name), {"input": doubles(0, 0, -2, nan), "other": doubles(0, 3, 0.0, 1)})
    run("logical_not", "bool", torch.logical_not, {"input": bools(False, True)})
    run("logical_not", "numbers", torch.logical_not, {"input": doubles(0, -0.0, 2, nan)})
