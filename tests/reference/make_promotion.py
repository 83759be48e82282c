"""Type promotion: the dtype (and value) of results. Run: /usr/bin/python3 tests/reference/make_promotion.py"""

import torch

from common import Recorder

recorder = Recorder("make_promotion.py", "promotion.json", seed=2)
DTYPES = (torch.float32, torch.float64, torch.int32, torch.int64, torch.uint8, torch.bool)
# Two numbers of each side, both true as bool, so that every operator has a plain result.
LEFT, RIGHT = (6, 5), (2, 3)
SCALARS = {"int": 2, "float": 1.5, "bool": True}


def text(dtype):
    return str(dtype)[len("torch.") :]


def record(operator, name, function, inputs, arguments=None):
    try:
        output = function()
    except RuntimeError as error:
        recorder.add(operator, name, inputs, arguments, error=str(error).splitlines()[0])
    else:
        recorder.add(operator, name, inputs, arguments, output)


def pair(operator, function, left, right, kind):
    left_tensor = torch.tensor(LEFT[0] if "left 0-d" in kind else LEFT, dtype=left)
    right_tensor = torch.tensor(RIGHT[0] if "right 0-d" in kind else RIGHT, dtype=right)
    record(
        operator,
        f"{text(left)}, {text(right)}: {kind}",
        lambda: function(left_tensor, right_tensor),
        {"input": left_tensor, "other": right_tensor},
    )


BINARY = {
    name: getattr(torch, name)
    for name in ("add", "sub", "mul", "div", "floor_divide", "remainder", "pow", "maximum", "minimum", "eq", "lt")
}
for operator, function in BINARY.items():
    kinds = ["tensors"]
    if operator in ("add", "div", "pow", "eq"):
        kinds += ["right 0-d", "left 0-d", "left 0-d, right 0-d"]
    for kind in kinds:
        for left in DTYPES:
            for right in DTYPES:
                pair(operator, function, left, right, kind)

# With a scalar of the language: a float makes whole numbers float32 (the default dtype), an int makes bool int64.
SYMBOLS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "floor_divide": torch.floor_divide,
    "remainder": lambda a, b: a % b,
    "pow": lambda a, b: a**b,
    "eq": lambda a, b: a == b,
    "lt": lambda a, b: a < b,
}
for operator, function in SYMBOLS.items():
    for dtype in DTYPES:
        for kind, scalar in SCALARS.items():
            tensor = torch.tensor(LEFT, dtype=dtype)
            record(
                operator,
                f"{text(dtype)}: {kind} scalar on the right",
                lambda: function(tensor, scalar),
                {"input": tensor},
                {"other": scalar, "scalar": kind},
            )
            if operator in ("add", "sub", "div", "pow"):
                record(
                    operator,
                    f"{text(dtype)}: {kind} scalar on the left",
                    lambda: function(scalar, tensor),
                    {"other": tensor},
                    {"input": scalar, "scalar": kind},
                )
            zero_d = torch.tensor(LEFT[0], dtype=dtype)
            if operator in ("add", "div"):
                record(
                    operator,
                    f"{text(dtype)}: {kind} scalar on the right of a 0-d tensor",
                    lambda: function(zero_d, scalar),
                    {"input": zero_d},
                    {"other": scalar, "scalar": kind},
                )

# Operators of one tensor: what they make of each dtype, or that they refuse it.
UNARY = {
    name: getattr(torch, name)
    for name in (
        "sum",
        "mean",
        "prod",
        "var",
        "std",
        "max",
        "min",
        "amax",
        "argmax",
        "any",
        "all",
        "norm",
        "exp",
        "log",
        "sqrt",
        "rsqrt",
        "sin",
        "tanh",
        "sigmoid",
        "reciprocal",
        "log1p",
        "abs",
        "neg",
        "sign",
        "floor",
        "ceil",
        "round",
        "square",
        "relu",
        "logical_not",
        "isnan",
    )
}
UNARY["cumsum"] = lambda x: torch.cumsum(x, 0)
UNARY["softmax"] = lambda x: torch.softmax(x, 0)
UNARY["logsumexp"] = lambda x: torch.logsumexp(x, 0)
for operator, function in UNARY.items():
    for dtype in DTYPES:
        tensor = torch.tensor(LEFT, dtype=dtype)
        record(operator, text(dtype), lambda: function(tensor), {"input": tensor})

for left in DTYPES:
    for right in DTYPES:
        a, b = torch.tensor(LEFT, dtype=left), torch.tensor(RIGHT, dtype=right)
        record("matmul", f"{text(left)}, {text(right)}", lambda: torch.matmul(a, b), {"input": a, "other": b})
        record("cat", f"{text(left)}, {text(right)}", lambda: torch.cat((a, b)), {"a": a, "b": b})

# In place the result keeps the left side's dtype, or is refused where it does not fit its category.
for left in DTYPES:
    for right in DTYPES:
        a, b = torch.tensor(LEFT, dtype=left), torch.tensor(RIGHT, dtype=right)
        record("add_", f"{text(left)}, {text(right)}", lambda: a.clone().add_(b), {"input": a, "other": b})
        record("div_", f"{text(left)}, {text(right)}", lambda: a.clone().div_(b), {"input": a, "other": b})

# Conversions: towards zero from floating point, modulo 256 to uint8, nonzero to true.
for source in DTYPES:
    for target in DTYPES:
        data = {torch.uint8: (0, 1, 200, 255), torch.bool: (0, 1)}.get(
            source, (0, 1, 2, 100) + ((-1, -300) if not source.is_floating_point else (0.5, 1.75))
        )
        tensor = torch.tensor(data, dtype=source)
        record(
            "to",
            f"{text(source)} to {text(target)}",
            lambda: tensor.to(target),
            {"input": tensor},
            {"dtype": text(target)},
        )
for dtype in (torch.int32, torch.int64):
    tensor = torch.tensor((-1.75, -0.5, 2.99, 1e6), dtype=torch.float64)
    record(
        "to", f"negative float64 to {text(dtype)}", lambda: tensor.to(dtype), {"input": tensor}, {"dtype": text(dtype)}
    )

recorder.write()
