"""Attention and transformers from stored parameters: outputs, weights of attention and all gradients.

Run: /usr/bin/python3 tests/reference/make_attention.py
"""

import torch
from torch import nn

from common import Recorder, bools, snake

recorder = Recorder("make_attention.py", "attention.json", seed=21)
values = recorder.values
torch.set_default_dtype(torch.float64)
inf = float("inf")


def record(kind, name, arguments, inputs, call, masks=None):
    """One forward and backward. Inputs and parameters under their own names; masks take no gradient."""
    module = getattr(nn, kind)(**{snake(k): v for k, v in arguments.items()})
    parameters = {k: values.normal(*v.shape) / 2 for k, v in module.named_parameters()}
    module.load_state_dict(parameters)
    given = {k: v.clone().requires_grad_() for k, v in inputs.items()}
    outputs = call(module, **given, **(masks or {}))
    weights = {k: values.weights(v) for k, v in outputs.items()}
    torch.autograd.backward(list(outputs.values()), list(weights.values()))
    gradients = {**{k: v.grad for k, v in given.items()}, **{k: v.grad for k, v in module.named_parameters()}}
    recorder.add(kind, name, {**inputs, **(masks or {}), **parameters}, arguments, outputs, weights, gradients)


def attend(need_weights=True, average=True):
    def call(module, query, key=None, value=None, key_padding_mask=None, attn_mask=None):
        key = query if key is None else key
        value = key if value is None else value
        output, weights = module(query, key, value, key_padding_mask, need_weights, attn_mask, average)
        return {"output": output, **({} if weights is None else {"weights": weights})}

    return call


small = {"embedDim": 4, "numHeads": 2}
record("MultiheadAttention", "self", small, {"query": values.normal(3, 2, 4)}, attend())
record("MultiheadAttention", "self, without weights", small, {"query": values.normal(3, 2, 4)}, attend(False))
record("MultiheadAttention", "batch first, heads apart", {**small, "batchFirst": True}, {"query": values.normal(2, 3, 4)}, attend(average=False))
record("MultiheadAttention", "no batch, no bias", {**small, "bias": False}, {"query": values.normal(3, 4)}, attend())
record(
    "MultiheadAttention",
    "keys and values of their own",
    {**small, "batchFirst": True},
    {"query": values.normal(2, 3, 4), "key": values.normal(2, 5, 4), "value": values.normal(2, 5, 4)},
    attend(),
)
record(
    "MultiheadAttention",
    "kdim and vdim",
    {**small, "kdim": 3, "vdim": 5},
    {"query": values.normal(3, 2, 4), "key": values.normal(4, 2, 3), "value": values.normal(4, 2, 5)},
    attend(),
)
padding = bools(False, False, True, False, False, False).reshape(2, 3)
causal = torch.ones(3, 3).triu(1).bool()
record("MultiheadAttention", "padding", {**small, "batchFirst": True}, {"query": values.normal(2, 3, 4)}, attend(), {"key_padding_mask": padding})
record("MultiheadAttention", "causal", small, {"query": values.normal(3, 2, 4)}, attend(), {"attn_mask": causal})
record("MultiheadAttention", "causal and padding", {**small, "batchFirst": True}, {"query": values.normal(2, 3, 4)}, attend(), {"attn_mask": causal, "key_padding_mask": padding})
record("MultiheadAttention", "added mask for each head", small, {"query": values.normal(3, 2, 4)}, attend(), {"attn_mask": values.normal(4, 3, 3)})

encoder = {"dModel": 4, "nhead": 2, "dimFeedforward": 6, "dropout": 0.0}
encode = lambda module, x, mask=None, key_padding_mask=None: {"output": module(x, mask, key_padding_mask)}
record("TransformerEncoderLayer", "norm last, relu", encoder, {"x": values.normal(3, 2, 4)}, encode)
record("TransformerEncoderLayer", "norm first, gelu, batch first", {**encoder, "normFirst": True, "activation": "gelu", "batchFirst": True}, {"x": values.normal(2, 3, 4)}, encode)
record("TransformerEncoderLayer", "causal and padding", {**encoder, "batchFirst": True}, {"x": values.normal(2, 3, 4)}, encode, {"mask": causal, "key_padding_mask": padding})

decode = lambda module, x, memory, mask=None: {"output": module(x, memory, mask)}
record("TransformerDecoderLayer", "norm last", encoder, {"x": values.normal(3, 2, 4), "memory": values.normal(5, 2, 4)}, decode)
record(
    "TransformerDecoderLayer",
    "norm first, causal, batch first",
    {**encoder, "normFirst": True, "batchFirst": True},
    {"x": values.normal(2, 3, 4), "memory": values.normal(2, 5, 4)},
    decode,
    {"mask": causal},
)

decoder_masks = lambda module, x, memory, mask=None, memory_mask=None, key_padding_mask=None, memory_key_padding_mask=None: {
    "output": module(x, memory, mask, memory_mask, key_padding_mask, memory_key_padding_mask)
}
hidden = bools(*[False] * 4, True, *[False] * 3, True, True).reshape(2, 5)
record(
    "TransformerDecoderLayer",
    "gelu, batch first, memory mask and padding",
    {**encoder, "activation": "gelu", "batchFirst": True},
    {"x": values.normal(2, 3, 4), "memory": values.normal(2, 5, 4)},
    decoder_masks,
    {"mask": causal, "memory_mask": values.normal(3, 5), "key_padding_mask": padding, "memory_key_padding_mask": hidden},
)
record("TransformerEncoderLayer", "added mask, no batch", {**encoder, "normFirst": True}, {"x": values.normal(3, 4)}, encode,
       {"mask": torch.zeros(3, 3).masked_fill(causal, -inf)})


def stack(kind):
    layer = getattr(nn, f"Transformer{kind}Layer")(4, 2, 6, 0.0, batch_first=True, norm_first=True)
    return lambda: getattr(nn, f"Transformer{kind}")(layer, 2, nn.LayerNorm(4))


for kind in ("Encoder", "Decoder"):
    setattr(nn, f"Stack{kind}", stack(kind))
record("StackEncoder", "two layers and a norm, padding", {}, {"x": values.normal(2, 3, 4)}, encode, {"mask": causal, "key_padding_mask": padding})
record("StackDecoder", "two layers and a norm", {}, {"x": values.normal(2, 3, 4), "memory": values.normal(2, 5, 4)}, decoder_masks,
       {"mask": causal, "memory_key_padding_mask": hidden})

recorder.write()
