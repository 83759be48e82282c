"""BERT and GPT-2 in the steps of the transformers library (modeling_bert.py, modeling_gpt2.py of 4.30), as small models without
pretrained weights: what torch.onnx.export makes of them is what it makes of the library's."""

import math

import torch
from torch import nn
from torch.nn import functional as F


def heads(x, count):
    return x.view(x.size()[:-1] + (count, x.size(-1) // count)).permute(0, 2, 1, 3)


class BertLayer(nn.Module):
    def __init__(self, width, count):
        super().__init__()
        self.count = count
        self.query, self.key, self.value, self.dense = (nn.Linear(width, width) for _ in range(4))
        self.intermediate, self.output = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.norm_1, self.norm_2 = nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)
        self.drop = nn.Dropout(0.1)

    def forward(self, x, mask):
        scores = torch.matmul(heads(self.query(x), self.count), heads(self.key(x), self.count).transpose(-1, -2)) / math.sqrt(x.size(-1) // self.count)
        shares = self.drop(F.softmax(scores + mask, dim=-1))
        context = torch.matmul(shares, heads(self.value(x), self.count)).permute(0, 2, 1, 3).contiguous()
        x = self.norm_1(self.drop(self.dense(context.view(context.size()[:-2] + (x.size(-1),)))) + x)
        return self.norm_2(self.drop(self.output(F.gelu(self.intermediate(x)))) + x)


class Bert(nn.Module):
    def __init__(self, words=30, width=16, places=32, layers=2, count=2, labels=3):
        super().__init__()
        self.words, self.places, self.kinds = nn.Embedding(words, width, padding_idx=0), nn.Embedding(places, width), nn.Embedding(2, width)
        self.norm, self.drop = nn.LayerNorm(width, eps=1e-12), nn.Dropout(0.1)
        self.layers = nn.ModuleList(BertLayer(width, count) for _ in range(layers))
        self.pooler, self.classifier = nn.Linear(width, width), nn.Linear(width, labels)
        self.register_buffer("position_ids", torch.arange(places).expand((1, -1)))
        self.register_buffer("token_type_ids", torch.zeros((1, places), dtype=torch.long))

    def forward(self, ids, mask):
        batch, length = ids.size()
        kinds = self.token_type_ids[:, :length].expand(batch, length)
        extended = (1.0 - mask[:, None, None, :].to(torch.float32)) * torch.finfo(torch.float32).min
        x = self.drop(self.norm(self.words(ids) + self.kinds(kinds) + self.places(self.position_ids[:, :length])))
        for layer in self.layers:
            x = layer(x, extended)
        return x, self.classifier(self.drop(torch.tanh(self.pooler(x[:, 0]))))


class Conv1D(nn.Module):
    def __init__(self, to, width):
        super().__init__()
        self.to, self.weight, self.bias = to, nn.Parameter(torch.randn(width, to) * 0.2), nn.Parameter(torch.zeros(to))

    def forward(self, x):
        return torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight).view(x.size()[:-1] + (self.to,))


def gelu_new(x):
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))))


class GptBlock(nn.Module):
    def __init__(self, width, places, count):
        super().__init__()
        self.width, self.count = width, count
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.c_attn, self.c_proj, self.c_fc, self.mlp_proj = Conv1D(3 * width, width), Conv1D(width, width), Conv1D(4 * width, width), Conv1D(width, 4 * width)
        self.register_buffer("bias", torch.tril(torch.ones((places, places), dtype=torch.bool)).view(1, 1, places, places))

    def forward(self, x, mask):
        query, key, value = (heads(part, self.count) for part in self.c_attn(self.ln_1(x)).split(self.width, dim=2))
        scores = torch.matmul(query, key.transpose(-1, -2))
        scores = scores / torch.full([], value.size(-1) ** 0.5, dtype=scores.dtype)
        queries, keys = query.size(-2), key.size(-2)
        causal = self.bias[:, :, keys - queries : keys, :keys]
        scores = torch.where(causal, scores, torch.full([], torch.finfo(scores.dtype).min, dtype=scores.dtype)) + mask
        y = torch.matmul(F.softmax(scores, dim=-1), value).permute(0, 2, 1, 3).contiguous()
        x = self.c_proj(y.view(y.size()[:-2] + (self.width,))) + x
        return self.mlp_proj(gelu_new(self.c_fc(self.ln_2(x)))) + x, key, value


class Gpt2(nn.Module):
    def __init__(self, words=30, width=16, places=32, layers=2, count=2):
        super().__init__()
        self.wte, self.wpe, self.ln_f = nn.Embedding(words, width), nn.Embedding(places, width), nn.LayerNorm(width)
        self.h = nn.ModuleList(GptBlock(width, places, count) for _ in range(layers))

    def forward(self, ids, mask):
        # As GPT2ForSequenceClassification and left-padded generation count places.
        places = (mask.long().cumsum(-1) - 1).masked_fill(mask == 0, 1)
        extended = (1.0 - mask[:, None, None, :].to(torch.float32)) * torch.finfo(torch.float32).min
        x = self.wte(ids) + self.wpe(places)
        states = []
        for block in self.h:
            x, key, value = block(x, extended)
            states += [key, value]
        logits = F.linear(self.ln_f(x), self.wte.weight)
        # The logits at the last word that is no padding (0).
        last = (torch.ne(ids, 0).sum(-1) - 1).to(logits.device)
        return (logits, logits[torch.arange(ids.shape[0]), last], *states)
