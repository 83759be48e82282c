"""Layers and activations from stored parameters: outputs, gradients, buffers.

Run: /usr/bin/python3 tests/reference/make_layers.py
"""

import torch
from torch import nn

from common import Recorder, snake

recorder = Recorder("make_layers.py", "layers.json", seed=4)
values = recorder.values
torch.set_default_dtype(torch.float64)


def layer(kind, name, x, arguments=None, training=True, fixed=None, input_gradient=True):
    """One forward and backward. Parameters are drawn short and stored under their state-dictionary names."""
    arguments = arguments or {}
    module = getattr(nn, kind)(**{snake(k): tuple(v) if isinstance(v, list) else v for k, v in arguments.items()})
    module.train(training)
    state = {k: (fixed or {}).get(k, values.normal(*v.shape)) for k, v in module.named_parameters()}
    buffers = {k: (fixed or {})[k] for k, _ in module.named_buffers() if k in (fixed or {})}
    module.load_state_dict({**state, **buffers}, strict=False)

    given = x.clone().requires_grad_(input_gradient)
    output = module(given)
    weights = values.weights(output)
    output.backward(weights)
    gradients = {"input": given.grad} if input_gradient else {}
    gradients.update({k: v.grad for k, v in module.named_parameters()})
    recorder.add(
        kind, name, {"input": x, **state, **buffers}, {**arguments, "training": training}, output, weights, gradients
    )


layer("Linear", "2-D", values.normal(3, 4), {"inFeatures": 4, "outFeatures": 2})
layer("Linear", "1-D", values.normal(4), {"inFeatures": 4, "outFeatures": 2})
layer("Linear", "4-D", values.normal(2, 1, 3, 4), {"inFeatures": 4, "outFeatures": 2})
layer("Linear", "no bias", values.normal(3, 4), {"inFeatures": 4, "outFeatures": 5, "bias": False})

for name, shape, arguments in (
    ("3x3", (2, 3, 5, 6), {"inChannels": 3, "outChannels": 4, "kernelSize": 3}),
    ("1x1", (2, 3, 4, 4), {"inChannels": 3, "outChannels": 2, "kernelSize": 1}),
    ("no bias", (2, 2, 5, 5), {"inChannels": 2, "outChannels": 3, "kernelSize": 3, "bias": False}),
    ("unbatched", (2, 5, 5), {"inChannels": 2, "outChannels": 3, "kernelSize": 3}),
    ("padding 1", (1, 2, 4, 5), {"inChannels": 2, "outChannels": 3, "kernelSize": 3, "padding": 1}),
    ("stride 2", (2, 2, 6, 7), {"inChannels": 2, "outChannels": 2, "kernelSize": 3, "stride": 2}),
    (
        "stride 2 padding 1",
        (1, 2, 6, 7),
        {"inChannels": 2, "outChannels": 2, "kernelSize": 3, "stride": 2, "padding": 1},
    ),
    ("stride larger than kernel", (1, 1, 7, 8), {"inChannels": 1, "outChannels": 2, "kernelSize": 2, "stride": 3}),
    (
        "kernel 2x3, stride 2x1, padding 0x2",
        (2, 2, 5, 4),
        {"inChannels": 2, "outChannels": 3, "kernelSize": [2, 3], "stride": [2, 1], "padding": [0, 2]},
    ),
    ("dilation 2", (1, 2, 7, 7), {"inChannels": 2, "outChannels": 2, "kernelSize": 3, "dilation": 2}),
    (
        "dilation 1x3 padding 2",
        (1, 1, 4, 7),
        {"inChannels": 1, "outChannels": 2, "kernelSize": [2, 3], "dilation": [1, 3], "padding": 2},
    ),
    ("groups 2", (2, 4, 4, 4), {"inChannels": 4, "outChannels": 6, "kernelSize": 3, "groups": 2}),
    (
        "depthwise, stride 2, padding 1",
        (1, 3, 5, 5),
        {"inChannels": 3, "outChannels": 3, "kernelSize": 3, "groups": 3, "stride": 2, "padding": 1},
    ),
    (
        "depthwise with multiplier, dilation 2",
        (1, 2, 6, 6),
        {"inChannels": 2, "outChannels": 4, "kernelSize": 3, "groups": 2, "dilation": 2, "padding": 2},
    ),
    ("5x5 padding 2", (1, 1, 6, 6), {"inChannels": 1, "outChannels": 2, "kernelSize": 5, "padding": 2}),
    ("kernel as large as the input", (2, 2, 3, 4), {"inChannels": 2, "outChannels": 3, "kernelSize": [3, 4]}),
):
    layer(
        "Conv2d",
        name,
        values.normal(*shape),
        {**arguments, **({"paddingMode": "zeros"} if "padding" in arguments else {})},
    )

for name, shape, arguments in (
    ("2x2", (2, 2, 4, 6), {"kernelSize": 2}),
    ("unbatched", (2, 4, 4), {"kernelSize": 2}),
    ("odd size drops the edge", (1, 1, 5, 7), {"kernelSize": 2}),
    ("ceilMode keeps the edge", (1, 1, 5, 7), {"kernelSize": 2, "ceilMode": True}),
    ("stride 1, overlapping", (1, 2, 4, 4), {"kernelSize": 3, "stride": 1}),
    ("kernel 3x2, stride 2x1, padding 1x0", (1, 2, 5, 5), {"kernelSize": [3, 2], "stride": [2, 1], "padding": [1, 0]}),
    ("stride 2 padding 1 ceilMode", (1, 2, 6, 5), {"kernelSize": 3, "stride": 2, "padding": 1, "ceilMode": True}),
    (
        "window that would start in the right padding is left out",
        (1, 1, 4, 4),
        {"kernelSize": 2, "stride": 3, "padding": 1, "ceilMode": True},
    ),
):
    layer("MaxPool2d", name, values.distinct(*shape), arguments)
    layer("AvgPool2d", name, values.distinct(*shape), arguments)
layer("MaxPool2d", "dilation 2", values.distinct(1, 2, 6, 7), {"kernelSize": 2, "stride": 1, "dilation": 2})
layer(
    "MaxPool2d",
    "dilation 2x1 padding 1 ceilMode",
    values.distinct(1, 1, 7, 7),
    {"kernelSize": 3, "stride": 2, "padding": 1, "dilation": [2, 1], "ceilMode": True},
)
layer(
    "MaxPool2d",
    "padding is below every value",
    -values.distinct(1, 1, 4, 4, low=1).abs(),
    {"kernelSize": 3, "stride": 2, "padding": 1},
)
for name, extra in (
    ("countIncludePad", {"countIncludePad": True}),
    ("not countIncludePad", {"countIncludePad": False}),
    ("divisorOverride 3", {"divisorOverride": 3}),
    ("countIncludePad, ceilMode", {"countIncludePad": True, "ceilMode": True}),
    ("not countIncludePad, ceilMode", {"countIncludePad": False, "ceilMode": True}),
    ("divisorOverride 3, ceilMode", {"divisorOverride": 3, "ceilMode": True}),
):
    layer("AvgPool2d", name, values.distinct(1, 2, 5, 6), {"kernelSize": 3, "stride": 2, "padding": 1, **extra})
for name, shape, size in (
    ("to 1x1", (2, 3, 4, 5), 1),
    ("to 2x3", (1, 2, 5, 7), [2, 3]),
    ("to the same size", (1, 1, 3, 3), 3),
    ("to a larger size", (1, 1, 3, 4), [5, 6]),
    ("unbatched", (2, 5, 5), [2, 2]),
    ("rows kept", (1, 2, 3, 6), [None, 2]),
):
    layer("AdaptiveAvgPool2d", name, values.distinct(*shape), {"outputSize": size})


def batch_norm(kind, name, shape, arguments=None):
    """Three training batches, then one in evaluation: input1, input2 ...; the buffers are recorded after each."""
    arguments = {"numFeatures": shape[1], **(arguments or {})}
    module = getattr(nn, kind)(**{snake(k): v for k, v in arguments.items()})
    state = {k: values.normal(*v.shape) for k, v in module.named_parameters()}
    module.load_state_dict(state, strict=False)
    inputs, outputs, weights, gradients = dict(state), {}, {}, {}
    for step, training in enumerate((True, True, True, False), start=1):
        x = values.normal(*shape) * (1 + step / 4) + step / 8
        module.train(training).zero_grad()
        given = x.clone().requires_grad_()
        output = module(given)
        inputs[f"input{step}"], outputs[f"output{step}"], weights[f"output{step}"] = x, output, values.weights(output)
        output.backward(weights[f"output{step}"])
        gradients[f"input{step}"] = given.grad
        gradients.update({f"{k}{step}": v.grad.clone() for k, v in module.named_parameters()})
        outputs.update({f"{k}{step}": v.clone() for k, v in module.named_buffers()})
    recorder.add(kind, name, inputs, arguments, outputs, weights, gradients)


for kind, shapes in (("BatchNorm1d", ((4, 3), (2, 3, 4))), ("BatchNorm2d", ((2, 3, 2, 3),))):
    for shape in shapes:
        for label, arguments in (
            ("default", {}),
            ("momentum 0.3 eps 0.001", {"momentum": 0.3, "eps": 1e-3}),
            ("cumulative average", {"momentum": None}),
            ("not affine", {"affine": False}),
            ("trackRunningStats false", {"trackRunningStats": False}),
        ):
            batch_norm(kind, f"{list(shape)}, {label}", shape, arguments)

layer("LayerNorm", "last dimension", values.normal(2, 3, 5), {"normalizedShape": [5]})
layer("LayerNorm", "last two dimensions", values.normal(2, 3, 4), {"normalizedShape": [3, 4]})
layer("LayerNorm", "no affine", values.normal(3, 5), {"normalizedShape": [5], "elementwiseAffine": False})
layer("LayerNorm", "eps 0.1", values.normal(3, 5), {"normalizedShape": [5], "eps": 0.1})


def embedding(name, indices, arguments):
    """padding_idx keeps a row's gradient at zero; max_norm rescales rows in place: the table is an output too."""
    module = nn.Embedding(**{snake(k): v for k, v in arguments.items()})
    weight = values.normal(*module.weight.shape)
    with torch.no_grad():
        module.weight.copy_(weight)
    output = module(indices)
    weights = values.weights(output)
    output.backward(weights)
    recorder.add(
        "Embedding",
        name,
        {"input": indices, "weight": weight},
        arguments,
        {"output": output, "weight": module.weight},
        {"output": weights},
        {"weight": module.weight.grad},
    )


embedding("1-D, repeated", values.integers(0, 5, 7), {"numEmbeddings": 5, "embeddingDim": 3})
embedding("2-D", values.integers(0, 5, 2, 3), {"numEmbeddings": 5, "embeddingDim": 2})
embedding("paddingIdx", torch.tensor([[1, 0, 2], [2, 2, 1]]), {"numEmbeddings": 4, "embeddingDim": 2, "paddingIdx": 2})
embedding(
    "negative paddingIdx", torch.tensor([[1, 3], [3, 0]]), {"numEmbeddings": 4, "embeddingDim": 2, "paddingIdx": -1}
)
embedding("maxNorm", torch.tensor([0, 2, 2, 1]), {"numEmbeddings": 4, "embeddingDim": 3, "maxNorm": 1.0})
embedding(
    "maxNorm, normType 1",
    torch.tensor([0, 2, 3]),
    {"numEmbeddings": 4, "embeddingDim": 3, "maxNorm": 1.5, "normType": 1.0},
)

for kind, arguments in (
    ("ReLU", {}),
    ("LeakyReLU", {}),
    ("LeakyReLU", {"negativeSlope": 0.2}),
    ("ELU", {}),
    ("ELU", {"alpha": 1.5}),
    ("GELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("SiLU", {}),
    ("Softplus", {}),
    ("Softplus", {"beta": 2.0, "threshold": 3.0}),
    ("Tanh", {}),
    ("Sigmoid", {}),
    ("Softmax", {"dim": 1}),
    ("LogSoftmax", {"dim": 1}),
    ("Flatten", {}),
    ("Flatten", {"startDim": 0, "endDim": 1}),
):
    layer(kind, ", ".join(f"{k} {v}" for k, v in arguments.items()) or "default", values.distinct(2, 3, 4), arguments)

for name, shape, arguments in (
    ("3", (2, 3, 7), {"inChannels": 3, "outChannels": 4, "kernelSize": 3}),
    ("unbatched, no bias", (2, 6), {"inChannels": 2, "outChannels": 3, "kernelSize": 2, "bias": False}),
    (
        "stride 2, padding 2, dilation 2, groups 2",
        (2, 4, 8),
        {"inChannels": 4, "outChannels": 2, "kernelSize": 3, "stride": 2, "padding": 2, "dilation": 2, "groups": 2},
    ),
):
    layer("Conv1d", name, values.normal(*shape), arguments)
for name, shape, arguments in (
    ("3x3", (2, 3, 4, 5), {"inChannels": 3, "outChannels": 2, "kernelSize": 3}),
    ("unbatched, no bias", (2, 3, 3), {"inChannels": 2, "outChannels": 3, "kernelSize": 2, "bias": False}),
    (
        "stride 2, padding 1, output padding 1",
        (1, 2, 3, 4),
        {"inChannels": 2, "outChannels": 3, "kernelSize": 3, "stride": 2, "padding": 1, "outputPadding": 1},
    ),
    (
        "kernel 2x3, stride 3x2, output padding 2x0, dilation 1x2, groups 2",
        (2, 4, 3, 3),
        {
            "inChannels": 4,
            "outChannels": 6,
            "kernelSize": [2, 3],
            "stride": [3, 2],
            "outputPadding": [2, 0],
            "dilation": [1, 2],
            "groups": 2,
        },
    ),
):
    layer("ConvTranspose2d", name, values.normal(*shape), arguments)
for name, shape, arguments in (
    ("2 groups of 3", (2, 6, 3, 2), {"numGroups": 2, "numChannels": 6}),
    ("one group", (3, 4, 5), {"numGroups": 1, "numChannels": 4}),
    ("a group a channel, eps, 2-D", (3, 4), {"numGroups": 2, "numChannels": 4, "eps": 0.1}),
    ("not affine", (2, 4, 3), {"numGroups": 4, "numChannels": 4, "affine": False}),
):
    layer("GroupNorm", name, values.normal(*shape), arguments)
layer("MaxPool1d", "2", values.distinct(2, 3, 7), {"kernelSize": 2})
layer("MaxPool1d", "unbatched, 3, stride 2, padding 1, ceilMode", values.distinct(2, 8), {"kernelSize": 3, "stride": 2, "padding": 1, "ceilMode": True})
layer("MaxPool1d", "dilation 2, stride 1", values.distinct(1, 2, 8), {"kernelSize": 3, "stride": 1, "dilation": 2})

recorder.write()
