"""Indexing, joining, padding and views: cases for make_operators.py."""

import torch
import torch.nn.functional as F

from common import bools, doubles, inf, ints


def record(recorder):
    values, run = recorder.values, recorder.run

    # ---------------------------------------------------------------- indexing

    run(
        "gather",
        "dim 0",
        lambda input, index, dim: torch.gather(input, dim, index),
        {"input": values.distinct(3, 4), "index": ints([0, 2, 1], [1, 1, 0])},
        {"dim": 0},
        gradients=True,
    )
    run(
        "gather",
        "dim 1, repeated",
        lambda input, index, dim: torch.gather(input, dim, index),
        {"input": values.distinct(2, 4), "index": ints([3, 3, 0, 1, 3], [2, 0, 0, 2, 1])},
        {"dim": 1},
        gradients=True,
    )
    run(
        "gather",
        "3-D, dim 1",
        lambda input, index, dim: torch.gather(input, dim, index),
        {"input": values.distinct(2, 3, 2), "index": values.integers(0, 3, 2, 2, 2)},
        {"dim": 1},
        gradients=True,
    )
    scatter = lambda input, index, src, dim: torch.scatter_add(input, dim, index, src)
    run(
        "scatter_add",
        "dim 0, repeated",
        scatter,
        {"input": values.distinct(3, 4), "index": ints([0, 2, 1], [0, 1, 1]), "src": values.distinct(2, 3)},
        {"dim": 0},
        gradients=True,
    )
    run(
        "scatter_add",
        "dim 1, repeated",
        scatter,
        {"input": values.distinct(2, 3), "index": ints([2, 2, 0, 2], [1, 0, 1, 1]), "src": values.distinct(2, 4)},
        {"dim": 1},
        gradients=True,
    )
    select = lambda input, index, dim: torch.index_select(input, dim, index)
    run(
        "index_select",
        "dim 0, repeated",
        select,
        {"input": values.distinct(3, 2), "index": ints(2, 0, 2, 1)},
        {"dim": 0},
        gradients=True,
    )
    run(
        "index_select",
        "dim -1",
        select,
        {"input": values.distinct(2, 2, 3), "index": ints(1, 1)},
        {"dim": -1},
        gradients=True,
    )
    run(
        "masked_fill",
        "broadcast mask",
        torch.masked_fill,
        {"input": values.distinct(2, 3), "mask": bools(True, False, True)},
        {"value": -1.5},
        gradients=True,
    )
    run(
        "masked_fill",
        "with minus infinity",
        torch.masked_fill,
        {"input": values.distinct(2, 2), "mask": bools([True, False], [False, False])},
        {"value": -inf},
        gradients=True,
    )
    where = lambda condition, input, other: torch.where(condition, input, other)
    run(
        "where",
        "equal shapes",
        where,
        {
            "condition": bools([True, False, True], [False, False, True]),
            "input": values.distinct(2, 3),
            "other": values.distinct(2, 3),
        },
        gradients=True,
    )
    run(
        "where",
        "all three broadcast",
        where,
        {"condition": bools([True], [False]), "input": values.distinct(3), "other": values.distinct(4, 1, 1)},
        gradients=True,
    )
    for name in ("tril", "triu"):
        for diagonal in (0, 1, -1, 3, -3):
            run(
                name,
                f"diagonal {diagonal}",
                getattr(torch, name),
                {"input": values.distinct(3, 4)},
                {"diagonal": diagonal},
                gradients=True,
            )
        run(name, "batched", getattr(torch, name), {"input": values.distinct(2, 3, 2)}, {"diagonal": 0}, gradients=True)

    # ---------------------------------------------------------------- shape

    for shape, repeats in (
        ((2, 3), (2, 2)),
        ((3,), (2, 1, 2)),
        ((2, 1), (1, 3)),
        ((2, 2), (0, 1)),
        ((2, 2), (3, 1, 2)),
    ):
        run(
            "repeat",
            f"{list(shape)} by {list(repeats)}",
            lambda input, repeats: input.repeat(repeats),
            {"input": values.distinct(*shape)},
            {"repeats": list(repeats)},
            gradients=True,
        )
    for dims in ([0], [1], [0, 2], [-1]):
        run("flip", f"dims {dims}", torch.flip, {"input": values.distinct(2, 3, 2)}, {"dims": dims}, gradients=True)
    for shape, pad in (
        ((3,), (1, 2)),
        ((2, 3), (1, 0)),
        ((2, 3), (1, 2, 0, 1)),
        ((2, 3, 4), (-1, 1)),
        ((2, 3, 4), (1, 1, -1, -1)),
    ):
        run(
            "pad",
            f"constant, {list(shape)} by {list(pad)}",
            F.pad,
            {"input": values.distinct(*shape)},
            {"pad": list(pad), "mode": "constant", "value": 0.5},
            gradients=True,
        )
    for mode in ("reflect", "replicate", "circular"):
        for shape, pad in (((1, 2, 4), (2, 1)), ((2, 1, 3, 4), (1, 2, 2, 1)), ((1, 1, 3, 3), (0, 2, 1, 0))):
            run(
                "pad",
                f"{mode}, {list(shape)} by {list(pad)}",
                F.pad,
                {"input": values.distinct(*shape)},
                {"pad": list(pad), "mode": mode},
                gradients=True,
            )
    run("one_hot", "classes given", F.one_hot, {"input": ints(0, 2, 1)}, {"numClasses": 4})
    run("one_hot", "classes counted, 2-D", F.one_hot, {"input": ints([0, 2], [1, 3])}, {"numClasses": -1})
    join = lambda *tensors, dim: torch.cat(tensors, dim)
    run(
        "cat",
        "dim 0",
        join,
        {"a": values.distinct(1, 3), "b": values.distinct(2, 3), "c": values.distinct(0, 3)},
        {"dim": 0},
        gradients=True,
    )
    run("cat", "dim -1", join, {"a": values.distinct(2, 1), "b": values.distinct(2, 3)}, {"dim": -1}, gradients=True)
    run("cat", "int32 with float64", join, {"a": ints(1, 2, dtype=torch.int32), "b": doubles(0.5)}, {"dim": 0})
    for dim in (0, 1, -1):
        run(
            "stack",
            f"dim {dim}",
            lambda *tensors, dim: torch.stack(tensors, dim),
            {"a": values.distinct(2, 3), "b": values.distinct(2, 3)},
            {"dim": dim},
            gradients=True,
        )
    split = lambda input, split_size_or_sections, dim: torch.split(input, split_size_or_sections, dim)
    run(
        "split",
        "size 2 of 5",
        split,
        {"input": values.distinct(5, 2)},
        {"splitSizeOrSections": 2, "dim": 0},
        gradients=True,
    )
    run(
        "split",
        "sections 1, 3",
        split,
        {"input": values.distinct(2, 4)},
        {"splitSizeOrSections": [1, 3], "dim": 1},
        gradients=True,
    )
    for count in (1, 2, 3, 4, 6):
        run(
            "chunk",
            f"5 into {count}",
            torch.chunk,
            {"input": values.distinct(5, 2)},
            {"chunks": count, "dim": 0},
            gradients=True,
        )
    for arguments in (
        {"start": 0, "end": 5, "step": 1},
        {"start": 2, "end": 9, "step": 3},
        {"start": 5, "end": -2, "step": -2},
        {"start": 0.0, "end": 1.0, "step": 0.1},
        {"start": 1.5, "end": -0.6, "step": -0.7},
        {"start": 3, "end": 3, "step": 1},
    ):
        for dtype in (
            ("float64", "float32", "int64")
            if all(isinstance(v, int) for v in arguments.values())
            else ("float64", "float32")
        ):
            run(
                "arange",
                f"{arguments['start']} to {arguments['end']} by {arguments['step']}, {dtype}",
                lambda start, end, step, dtype: torch.arange(start, end, step, dtype=getattr(torch, dtype)),
                {},
                {**arguments, "dtype": dtype},
            )
    for start, end, steps in (
        (0.0, 1.0, 11),
        (-2.0, 3.0, 6),
        (3.0, -1.0, 5),
        (2.0, 7.0, 1),
        (1.0, 2.0, 0),
        (0.1, 0.7, 7),
    ):
        for dtype in ("float64", "float32"):
            run(
                "linspace",
                f"{start:g} to {end:g}, {steps} steps, {dtype}",
                lambda start, end, steps, dtype: torch.linspace(start, end, steps, dtype=getattr(torch, dtype)),
                {},
                {"start": start, "end": end, "steps": steps, "dtype": dtype},
            )
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
