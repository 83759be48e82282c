"""Initial values of layers and initialisers: closed forms, and statistics of a large sample.

Run: /usr/bin/python3 tests/reference/make_initialization.py
"""

import math

import torch
from torch import nn
from torch.nn import init

from common import Recorder, snake

recorder = Recorder("make_initialization.py", "initialization.json", seed=8)
torch.manual_seed(8)
torch.set_default_dtype(torch.float64)


def scalar(value):
    return torch.tensor(float(value), dtype=torch.float64)


def uniform(low, high):
    return {
        "distribution": "uniform",
        "low": low,
        "high": high,
        "mean": (low + high) / 2,
        "std": (high - low) / math.sqrt(12),
    }


def normal(mean, std):
    return {"distribution": "normal", "mean": mean, "std": std}


def truncated_normal(mean, std, low, high):
    """Mean and deviation of a normal distribution cut to [low, high]."""
    a, b = (low - mean) / std, (high - mean) / std
    density = lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    below = lambda x: (1 + math.erf(x / math.sqrt(2))) / 2
    z = below(b) - below(a)
    m = (density(a) - density(b)) / z
    variance = 1 + (a * density(a) - b * density(b)) / z - m * m
    return {
        "distribution": "truncatedNormal",
        "low": low,
        "high": high,
        "mean": mean + std * m,
        "std": std * math.sqrt(variance),
    }


def constant(value):
    return {"distribution": "constant", "mean": value, "std": 0.0}


def record(operator, name, arguments, expected, samples):
    """expected: by tensor name, the law of its elements; samples: the same tensors many times over, in one row."""
    output = {}
    for k, law in expected.items():
        sample = samples[k]
        output.update({f"{k}.{q}": scalar(v) for q, v in law.items() if q != "distribution"})
        measured = {
            "n": sample.numel(),
            "mean": sample.mean(),
            "std": sample.std(unbiased=False),
            "min": sample.min(),
            "max": sample.max(),
        }
        output.update({f"{k}.measured.{q}": scalar(v) for q, v in measured.items()})
        # The script proves its own closed forms: five standard errors, and nothing outside the bounds.
        error = law["std"] / math.sqrt(sample.numel())
        assert abs(measured["mean"] - law["mean"]) <= 5 * error + 1e-12, (operator, name, k, measured, law)
        assert abs(measured["std"] - law["std"]) <= 5 * error + 1e-12, (operator, name, k, measured, law)
        assert "low" not in law or law["low"] <= measured["min"] and measured["max"] <= law["high"], (operator, name, k)
    recorder.add(
        operator, name, None, {**arguments, "distribution": {k: v["distribution"] for k, v in expected.items()}}, output
    )


def layer(kind, name, arguments, expected, sample_size=200_000):
    make = lambda: getattr(nn, kind)(**{snake(k): v for k, v in arguments.items()})
    first = dict(make().named_parameters())
    samples = {}
    for k in expected:
        repeats = max(1, min(400, sample_size // first[k].numel()))
        samples[k] = torch.cat([dict(make().named_parameters())[k].detach().reshape(-1) for _ in range(repeats)])
    record(kind, name, arguments, expected, samples)


for inputs, outputs in ((64, 200), (7, 5), (1, 3)):
    bound = 1 / math.sqrt(inputs)
    layer(
        "Linear",
        f"{inputs} to {outputs}",
        {"inFeatures": inputs, "outFeatures": outputs},
        {"weight": uniform(-bound, bound), "bias": uniform(-bound, bound)},
    )
for arguments, fan_in in (
    ({"inChannels": 3, "outChannels": 16, "kernelSize": 5}, 75),
    ({"inChannels": 8, "outChannels": 8, "kernelSize": 3, "groups": 4}, 18),
    ({"inChannels": 8, "outChannels": 4, "kernelSize": 1}, 8),
):
    bound = 1 / math.sqrt(fan_in)
    name = ", ".join(f"{k} {v}" for k, v in arguments.items())
    layer("Conv2d", name, arguments, {"weight": uniform(-bound, bound), "bias": uniform(-bound, bound)})
layer("Embedding", "100 by 32", {"numEmbeddings": 100, "embeddingDim": 32}, {"weight": normal(0.0, 1.0)})
layer("BatchNorm1d", "6 features", {"numFeatures": 6}, {"weight": constant(1.0), "bias": constant(0.0)})
layer("BatchNorm2d", "6 features", {"numFeatures": 6}, {"weight": constant(1.0), "bias": constant(0.0)})
layer("LayerNorm", "6 features", {"normalizedShape": [6]}, {"weight": constant(1.0), "bias": constant(0.0)})


def initialiser(operator, name, shape, law, arguments, repeats=None, **given):
    repeats = repeats or max(1, 200_000 // math.prod(shape))
    function = getattr(init, operator + "_")
    sample = torch.cat([function(torch.empty(*shape), **given).reshape(-1) for _ in range(repeats)])
    record(operator, name, {"shape": list(shape), **arguments}, {"tensor": law}, {"tensor": sample})


# Shape [out, in] or [out, in, kernel, kernel]: fan in is in x kernel area, fan out is out x kernel area.
for shape, fan_in, fan_out in (((40, 60), 60, 40), ((16, 8, 3, 3), 72, 144)):
    for gain in (1.0, 5.0 / 3):
        std = gain * math.sqrt(2 / (fan_in + fan_out))
        bound = math.sqrt(3) * std
        initialiser(
            "xavier_uniform",
            f"{list(shape)}, gain {gain:.4g}",
            shape,
            uniform(-bound, bound),
            {"gain": gain},
            gain=gain,
        )
        initialiser(
            "xavier_normal", f"{list(shape)}, gain {gain:.4g}", shape, normal(0.0, std), {"gain": gain}, gain=gain
        )
    for mode, fan in (("fan_in", fan_in), ("fan_out", fan_out)):
        for nonlinearity, a, gain in (
            ("leaky_relu", 0.0, math.sqrt(2)),
            ("leaky_relu", 0.2, math.sqrt(2 / 1.04)),
            ("leaky_relu", math.sqrt(5), math.sqrt(1 / 3)),
            ("relu", 0.0, math.sqrt(2)),
            ("tanh", 0.0, 5 / 3),
            ("linear", 0.0, 1.0),
            ("sigmoid", 0.0, 1.0),
            ("selu", 0.0, 0.75),
        ):
            std = gain / math.sqrt(fan)
            bound = math.sqrt(3) * std
            options = {"a": a, "mode": mode, "nonlinearity": nonlinearity}
            label = f"{list(shape)}, {mode}, {nonlinearity}, a {a:.4g}"
            written = {**options, "mode": {"fan_in": "fanIn", "fan_out": "fanOut"}[mode]}
            initialiser("kaiming_uniform", label, shape, uniform(-bound, bound), written, **options)
            initialiser("kaiming_normal", label, shape, normal(0.0, std), written, **options)
initialiser("uniform", "0 to 1", (100, 50), uniform(0.0, 1.0), {"a": 0.0, "b": 1.0})
initialiser("uniform", "-2 to 3", (100, 50), uniform(-2.0, 3.0), {"a": -2.0, "b": 3.0}, a=-2.0, b=3.0)
initialiser("normal", "standard", (100, 50), normal(0.0, 1.0), {"mean": 0.0, "std": 1.0})
initialiser("normal", "mean 2 std 0.3", (100, 50), normal(2.0, 0.3), {"mean": 2.0, "std": 0.3}, mean=2.0, std=0.3)
for mean, std, a, b in ((0.0, 1.0, -2.0, 2.0), (0.0, 0.02, -2.0, 2.0), (0.0, 1.0, -1.0, 0.5), (1.0, 2.0, 0.0, 4.0)):
    initialiser(
        "trunc_normal",
        f"mean {mean:g} std {std:g} in {a:g} to {b:g}",
        (100, 50),
        truncated_normal(mean, std, a, b),
        {"mean": mean, "std": std, "a": a, "b": b},
        mean=mean,
        std=std,
        a=a,
        b=b,
    )
# Orthogonal: rows or columns (the fewer) have length gain and stand at right angles, so the mean square of an element
# is gain^2 / max(rows, columns).
for shape in ((30, 30), (20, 50), (50, 20), (8, 4, 3, 3)):
    for gain in (1.0, 2.0):
        rows, columns = shape[0], math.prod(shape[1:])
        std = gain / math.sqrt(max(rows, columns))
        matrix = init.orthogonal_(torch.empty(*shape), gain).reshape(rows, columns)
        gram = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
        assert torch.allclose(gram, gain**2 * torch.eye(min(rows, columns)), atol=1e-9)
        initialiser(
            "orthogonal",
            f"{list(shape)}, gain {gain:g}",
            shape,
            {**normal(0.0, std), "distribution": "orthogonal"},
            {"gain": gain},
            repeats=40,
            gain=gain,
        )
for nonlinearity in ("linear", "conv1d", "conv2d", "conv3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
    recorder.add(
        "calculate_gain", nonlinearity, None, {"nonlinearity": nonlinearity}, scalar(init.calculate_gain(nonlinearity))
    )
for param in (0.0, 0.2, math.sqrt(5)):
    recorder.add(
        "calculate_gain",
        f"leaky_relu {param:.4g}",
        None,
        {"nonlinearity": "leaky_relu", "param": param},
        scalar(init.calculate_gain("leaky_relu", param)),
    )

recorder.write()
