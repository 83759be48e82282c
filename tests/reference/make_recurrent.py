"""Recurrent layers and cells from stored parameters: outputs, last states and all gradients; packing and padding.

Run: /usr/bin/python3 tests/reference/make_recurrent.py
"""

import torch
from torch import nn
from torch.nn.utils import rnn

from common import Recorder, snake

recorder = Recorder("make_recurrent.py", "recurrent.json", seed=15)
values = recorder.values
torch.set_default_dtype(torch.float64)


def small(*shape):
    return values.normal(*shape) / 2


def record(kind, name, module, arguments, x, states, call):
    """One forward and backward. Inputs are x, the states "h0" and "c0" and the parameters under their own names."""
    parameters = {k: small(*v.shape) for k, v in module.named_parameters()}
    module.load_state_dict(parameters)
    x = x.clone().requires_grad_()
    states = {k: v.clone().requires_grad_() for k, v in states.items()}
    outputs = call(module, x, tuple(states.values()))
    weights = {k: values.weights(v) for k, v in outputs.items()}
    torch.autograd.backward(list(outputs.values()), list(weights.values()))
    gradients = {"x": x.grad, **{k: v.grad for k, v in states.items()}, **{k: v.grad for k, v in module.named_parameters()}}
    recorder.add(kind, name, {"x": x, **states, **parameters}, arguments, outputs, weights, gradients)


def given(kind, states):
    """The states as PyTorch takes them: none, one, or a pair for long short-term memory."""
    return None if not states else states if kind.startswith("LSTM") else states[0]


def results(kind, output, last):
    named = {} if output is None else {"output": output}
    if kind.startswith("LSTM"):
        return {**named, "h": last[0], "c": last[1]}
    return {**named, "h": last}


def layer(kind, name, arguments, shape, with_states=False, lengths=None):
    module = getattr(nn, kind)(**{snake(k): v for k, v in arguments.items()})
    x = values.normal(*shape)
    first = arguments.get("batchFirst", False)
    batch = () if len(shape) == 2 else (shape[0 if first else 1],)
    directions = 2 if arguments.get("bidirectional") else 1
    size = (arguments.get("numLayers", 1) * directions, *batch, arguments["hiddenSize"])
    names = () if not with_states else ("h0", "c0") if kind == "LSTM" else ("h0",)

    def call(module, x, states):
        if lengths is None:
            return results(kind, *module(x, given(kind, states)))
        packed = rnn.pack_padded_sequence(x, lengths, first, enforce_sorted=False)
        output, last = module(packed, given(kind, states))
        padded, sizes = rnn.pad_packed_sequence(output, first, padding_value=0.0)
        assert sizes.tolist() == lengths
        return results(kind, padded, last)

    extra = {} if lengths is None else {"lengths": lengths}
    record(kind, name, module, {**arguments, **extra}, x, {k: small(*size) for k in names}, call)


def cell(kind, name, arguments, with_states, batch=(3,)):
    module = getattr(nn, kind)(**{snake(k): v for k, v in arguments.items()})
    names = () if not with_states else ("h0", "c0") if kind == "LSTMCell" else ("h0",)
    states = {k: small(*batch, arguments["hiddenSize"]) for k in names}
    record(kind, name, module, arguments, values.normal(*batch, arguments["inputSize"]), states,
           lambda module, x, states: results(kind, None, module(x, given(kind, states))))


SIZES = {"inputSize": 3, "hiddenSize": 2}
for kind, more in (("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("LSTM", {}), ("GRU", {})):
    suffix = ", relu" if more else ""
    base = {**SIZES, **more}
    layer(kind, "one layer" + suffix, base, (4, 2, 3))
    layer(kind, "initial states" + suffix, base, (4, 2, 3), with_states=True)
    layer(kind, "no bias, one step" + suffix, {**base, "bias": False}, (1, 3, 3), with_states=True)
    layer(kind, "one sequence" + suffix, base, (4, 3), with_states=True)
    layer(kind, "batch first" + suffix, {**base, "batchFirst": True}, (2, 4, 3))
    layer(kind, "bidirectional" + suffix, {**base, "bidirectional": True}, (4, 2, 3), with_states=True)
    layer(kind, "two layers, bidirectional, batch first" + suffix,
          {**base, "numLayers": 2, "bidirectional": True, "batchFirst": True}, (2, 3, 3), with_states=True)
    layer(kind, "three layers" + suffix, {**base, "numLayers": 3}, (3, 2, 3))
    layer(kind, "wider than a vector" + suffix, {**base, "hiddenSize": 17}, (2, 1, 3), with_states=True)
    layer(kind, "packed" + suffix, base, (5, 4, 3), lengths=[5, 4, 4, 1])
    layer(kind, "packed, any order, initial states" + suffix, base, (5, 4, 3), with_states=True, lengths=[2, 5, 1, 4])
    layer(kind, "packed, two layers, bidirectional" + suffix, {**base, "numLayers": 2, "bidirectional": True},
          (4, 3, 3), with_states=True, lengths=[1, 4, 3])
    layer(kind, "packed, bidirectional, batch first" + suffix, {**base, "bidirectional": True, "batchFirst": True},
          (3, 4, 3), lengths=[3, 1, 4])
    name = kind + "Cell"
    cell(name, "no state" + suffix, base, False)
    cell(name, "state" + suffix, base, True)
    cell(name, "no bias" + suffix, {**base, "bias": False}, True)
    cell(name, "one row" + suffix, base, True, batch=())

for first in (False, True):
    for lengths in ([4, 3, 3], [2, 4, 1]):
        shape = (3, 4, 2) if first else (4, 3, 2)

        def pack(x):
            packed = rnn.pack_padded_sequence(x, lengths, first, enforce_sorted=False)
            padded, _ = rnn.pad_packed_sequence(packed, first, padding_value=-1.5, total_length=6)
            return {"data": packed.data, "padded": padded}

        x = values.distinct(*shape)
        recorder.run("pack", f"{lengths}, batch first {first}", pack, {"x": x}, gradients=True)
        packed = rnn.pack_padded_sequence(x, lengths, first, enforce_sorted=False)
        recorder.cases[-1]["arguments"] = {
            "lengths": lengths,
            "batchFirst": first,
            "batchSizes": packed.batch_sizes.tolist(),
            "sortedIndices": packed.sorted_indices.tolist(),
        }

recorder.write()
