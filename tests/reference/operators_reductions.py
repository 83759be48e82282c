"""Reductions, order, products and softmax: cases for make_operators.py."""

import torch

from common import doubles, inf, ints, nan


def record(recorder):
    values, run = recorder.values, recorder.run

    # ---------------------------------------------------------------- reductions

    DIMS = ((None, False), ([0], False), ([1], True), ([-1], False), ([0, 2], False), ([0, 2], True), ([0, 1, 2], True))

    def reduce_by(function):
        return (
            lambda input, dim=None, **rest: function(input, **rest)
            if dim is None
            else function(input, tuple(dim), **rest)
        )

    for name in ("sum", "mean", "amax", "amin"):
        for dim, keepdim in DIMS:
            arguments = {} if dim is None else {"dim": dim, "keepdim": keepdim}
            run(
                name,
                f"dim {dim}{' kept' if keepdim else ''}",
                reduce_by(getattr(torch, name)),
                {"input": values.distinct(2, 3, 4)},
                arguments,
                gradients=True,
            )
    for name in ("var", "std"):
        for unbiased in (True, False):
            for dim, keepdim in DIMS:
                dim = [0, 1, 2] if dim is None else dim
                run(
                    name,
                    f"dim {dim}{' kept' if keepdim else ''}, {'' if unbiased else 'not '}unbiased",
                    reduce_by(getattr(torch, name)),
                    {"input": values.distinct(2, 3, 4)},
                    {"dim": dim, "unbiased": unbiased, "keepdim": keepdim},
                    gradients=True,
                )
        run(name, "all elements", getattr(torch, name), {"input": values.distinct(7)}, gradients=True)
        run(name, "one element gives NaN when unbiased", getattr(torch, name), {"input": doubles(2.0)})
    for dim, keepdim in DIMS:
        dim = [0, 1, 2] if dim is None else dim
        run(
            "logsumexp",
            f"dim {dim}{' kept' if keepdim else ''}",
            reduce_by(torch.logsumexp),
            {"input": values.distinct(2, 3, 4)},
            {"dim": dim, "keepdim": keepdim},
            gradients=True,
        )
        for order in (1.0, 2.0, 3.0, inf, -inf, 0.0):
            # Of a p-norm: for 1 and the infinities the values are distinct and nonzero, so the gradient is smooth.
            run(
                "norm",
                f"p {order:g} dim {dim}{' kept' if keepdim else ''}",
                lambda input, p, dim, keepdim: torch.norm(input, p=p, dim=tuple(dim), keepdim=keepdim),
                {"input": values.distinct(2, 3, 4)},
                {"p": order, "dim": dim, "keepdim": keepdim},
                gradients=True if order != 0 else (),
            )
    run("norm", "zero vector has gradient zero", torch.norm, {"input": doubles(0, 0, 0)}, {"p": 2.0}, gradients=True)
    run(
        "logsumexp",
        "large and infinite values",
        torch.logsumexp,
        {
            "input": torch.tensor(
                [[1000.0, 1000.0], [-1000, -1001], [-inf, -inf], [inf, 1], [-inf, 2], [nan, 1]], dtype=torch.float64
            )
        },
        {"dim": 1},
    )
    for name in ("max", "min"):
        function = getattr(torch, name)
        run(name, "all elements", function, {"input": values.distinct(2, 3)}, gradients=True)
        run(name, "all elements, ties share the gradient", function, {"input": doubles(1, 2, 2, 1)}, gradients=True)
        run(name, "NaN wins", function, {"input": doubles(1, nan, 2)})
        for dim, keepdim in ((0, False), (1, True), (-1, False)):

            def both(input, dim, keepdim, function=function):
                result = function(input, dim=dim, keepdim=keepdim)
                return {"values": result.values, "indices": result.indices}

            run(
                name,
                f"dim {dim}{' kept' if keepdim else ''}",
                both,
                {"input": values.distinct(2, 3, 4)},
                {"dim": dim, "keepdim": keepdim},
                gradients=True,
            )
            run(
                name,
                f"dim {dim}{' kept' if keepdim else ''}, int64",
                both,
                {"input": torch.randperm(24, generator=values.generator).reshape(2, 3, 4)},
                {"dim": dim, "keepdim": keepdim},
            )
        arg = getattr(torch, "arg" + name)
        run("arg" + name, "all elements", arg, {"input": values.distinct(3, 4)})
        run("arg" + name, "dim 0", arg, {"input": values.distinct(3, 4)}, {"dim": 0, "keepdim": False})
        run("arg" + name, "dim 1 kept", arg, {"input": values.distinct(3, 4)}, {"dim": 1, "keepdim": True})
        run("arg" + name, "NaN wins", arg, {"input": doubles(1, nan, 2, nan)}, {"dim": 0, "keepdim": False})
        run("arg" + name, "first of equal values", arg, {"input": doubles(1, 3, 3, 1)}, {"dim": 0, "keepdim": False})
    run("prod", "all elements", torch.prod, {"input": values.distinct(2, 3)}, gradients=True)
    run("prod", "dim 1 kept", torch.prod, {"input": values.distinct(2, 3)}, {"dim": 1, "keepdim": True}, gradients=True)
    run("prod", "dim 0", torch.prod, {"input": values.distinct(3, 2)}, {"dim": 0, "keepdim": False}, gradients=True)
    run(
        "prod",
        "one and two zeros",
        torch.prod,
        {"input": torch.tensor([[2.0, 0, 3], [0, 5, 0], [1, 2, 3]], dtype=torch.float64)},
        {"dim": 1, "keepdim": False},
        gradients=True,
    )
    run("cumsum", "dim 0", torch.cumsum, {"input": values.distinct(3, 4)}, {"dim": 0}, gradients=True)
    run("cumsum", "dim -1", torch.cumsum, {"input": values.distinct(2, 2, 3)}, {"dim": -1}, gradients=True)
    run("cumsum", "int32 gives int64", torch.cumsum, {"input": ints(1, 2, 3, dtype=torch.int32)}, {"dim": 0})
    for name in ("any", "all"):
        matrix = torch.tensor([[0, 0, 0], [0, 1, 0], [1, 1, 1]]).bool()
        run(name, "all elements", getattr(torch, name), {"input": matrix})
        run(name, "dim 1", getattr(torch, name), {"input": matrix}, {"dim": 1, "keepdim": False})
        run(name, "dim 0 kept", getattr(torch, name), {"input": matrix}, {"dim": 0, "keepdim": True})
        run(
            name,
            "numbers, NaN counts as true",
            getattr(torch, name),
            {"input": torch.tensor([[0, nan], [-1, 2.0]], dtype=torch.float64)},
            {"dim": 1, "keepdim": False},
        )
        run(name, "nothing", getattr(torch, name), {"input": torch.zeros(0, dtype=torch.bool)})
    for name in ("sum", "prod", "mean"):
        run(name, "nothing", getattr(torch, name), {"input": torch.zeros(0, dtype=torch.float64)})
        run(
            name,
            "empty dim 1",
            getattr(torch, name),
            {"input": torch.zeros(2, 0, dtype=torch.float64)},
            {"dim": 1, "keepdim": False},
        )
    for dtype in (torch.uint8, torch.int32, torch.bool):
        for name in ("sum", "prod"):
            run(
                name,
                f"{str(dtype)[6:]} gives int64",
                getattr(torch, name),
                {"input": ints(1, 1, 200 if dtype == torch.uint8 else 1, dtype=torch.int64).to(dtype)},
            )
    for name in ("sum", "mean", "amax", "amin", "prod", "var", "std"):
        for label, data in (("infinities", (1.0, inf, -inf)), ("NaN", (1.0, nan, 3.0))):
            run(name, label, lambda input, name=name: getattr(torch, name)(input), {"input": doubles(*data)})

    # ---------------------------------------------------------------- order

    for descending in (False, True):
        way = "descending" if descending else "ascending"

        def ordered(input, **arguments):
            result = torch.sort(input, **arguments)
            return {"values": result.values, "indices": result.indices}

        run(
            "sort",
            f"{way}, dim -1",
            ordered,
            {"input": values.distinct(3, 5)},
            {"dim": -1, "descending": descending},
            gradients=True,
        )
        run(
            "sort",
            f"{way}, dim 0",
            ordered,
            {"input": values.distinct(4, 3)},
            {"dim": 0, "descending": descending},
            gradients=True,
        )
        run(
            "sort",
            f"{way}, stable",
            ordered,
            {"input": values.integers(0, 3, 12)},
            {"dim": 0, "descending": descending, "stable": True},
        )
        run(
            "sort",
            f"{way}, NaN counts as the largest",
            ordered,
            {"input": doubles(1, nan, -inf, 3, inf, nan, 2)},
            {"dim": 0, "descending": descending, "stable": True},
        )
        run("argsort", way, torch.argsort, {"input": values.distinct(2, 6)}, {"dim": -1, "descending": descending})
    for largest in (True, False):

        def top(input, **arguments):
            result = torch.topk(input, **arguments)
            return {"values": result.values, "indices": result.indices}

        way = "largest" if largest else "smallest"
        run(
            "topk",
            f"{way} 3 of 6",
            top,
            {"input": values.distinct(2, 6)},
            {"k": 3, "dim": -1, "largest": largest, "sorted": True},
            gradients=True,
        )
        run(
            "topk",
            f"{way} 2, dim 0",
            top,
            {"input": values.distinct(5, 3)},
            {"k": 2, "dim": 0, "largest": largest, "sorted": True},
            gradients=True,
        )
        run(
            "topk",
            f"{way}, all of them",
            top,
            {"input": values.distinct(4)},
            {"k": 4, "dim": 0, "largest": largest, "sorted": True},
        )

    # ---------------------------------------------------------------- products

    for a, b in (
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((5, 2, 3), (5, 3, 2)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 2)),
        ((2, 1, 3, 4), (5, 4, 2)),
        ((5, 2, 3), (3,)),
        ((3,), (5, 3, 2)),
        ((2, 0), (0, 3)),
        ((0, 3), (3, 2)),
    ):
        run(
            "matmul",
            f"{list(a)} by {list(b)}",
            torch.matmul,
            {"input": values.distinct(*a), "other": values.distinct(*b)},
            gradients=True,
        )
    run("matmul", "int64", torch.matmul, {"input": values.integers(-5, 5, 2, 3), "other": values.integers(-5, 5, 3, 2)})
    run("outer", "3 by 4", torch.outer, {"input": values.distinct(3), "vec2": values.distinct(4)}, gradients=True)
    for equation, *shapes in (
        ("ij,jk->ik", (2, 3), (3, 4)),
        ("ij,jk", (2, 3), (3, 4)),
        ("ij->ji", (2, 3)),
        ("ba", (2, 3)),
        ("ii->i", (3, 3)),
        ("ii->", (3, 3)),
        ("ii", (3, 3)),
        ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
        ("...ij,...jk->...ik", (2, 1, 2, 3), (4, 3, 2)),
        ("b...->b", (2, 3, 2)),
        ("...ii->...i", (2, 3, 3)),
        ("i,j->ij", (3,), (4,)),
        ("i,i->", (4,), (4,)),
        ("ij->", (2, 3)),
        ("ij->j", (2, 3)),
        ("bi,ij,bj->b", (2, 3), (3, 4), (2, 4)),
        ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 2, 4)),
        ("...i,i", (2, 3), (3,)),
        ("ijk,ijk->ik", (2, 3, 2), (2, 3, 2)),
        ("ij,kl->ijkl", (2, 2), (2, 3)),
        ("ij, ij -> i j", (2, 3), (2, 3)),
        ("i...,i...->...", (3, 2), (3, 1)),
    ):
        inputs = {chr(ord("a") + k): values.distinct(*shape) for k, shape in enumerate(shapes)}
        run(
            "einsum",
            equation,
            lambda *tensors, equation: torch.einsum(equation, *tensors),
            inputs,
            {"equation": equation},
            gradients=True,
        )
    run("trace", "diagonal sum", torch.trace, {"input": values.distinct(3, 4)}, gradients=True)
    run("diagonal", "of a matrix", torch.diagonal, {"input": values.distinct(3, 4)}, {"offset": 0}, gradients=True)

    # ---------------------------------------------------------------- softmax

    for name in ("softmax", "log_softmax"):
        function = getattr(torch, name)
        for shape, dim in (((5,), 0), ((2, 3, 4), 1), ((2, 3, 4), -1), ((2, 3, 4), 0)):
            run(
                name,
                f"{list(shape)} dim {dim}",
                function,
                {"input": values.distinct(*shape)},
                {"dim": dim},
                gradients=True,
            )
        run(
            name,
            "large, masked and broken rows",
            function,
            {
                "input": torch.tensor(
                    [[1000.0, 1000, 999], [-inf, 0, 1], [-inf, -inf, -inf], [inf, 0, 1], [nan, 0, 1], [-1000, 0, 1000]],
                    dtype=torch.float64,
                )
            },
            {"dim": 1},
        )
