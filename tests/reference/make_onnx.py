"""ONNX files as PyTorch and torchvision write them, with what PyTorch computes: onnx/NAME.onnx and onnx/NAME.pt.

python3 make_onnx.py [NAME...] (torch 1.13, torchvision 0.14); without names all of them"""

import os
import sys

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from transformers_models import Bert, Gpt2

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx")


def disturb(model):
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)


def write(name, model, inputs, free=None, opset=17, longer=False):
    """free: the dimensions of the inputs that have any size; the results are of another batch than that exported, with longer of another
    length too."""
    if len(sys.argv) > 1 and name not in sys.argv[1:]:
        return
    model.eval()
    disturb(model)
    names = [f"input_{i}" for i in range(len(inputs))]
    axes = {n: {d: f"size_{d}" for d in (free or [])} for n in names} if free else None
    # With gradients, attention does not take its fused way, which has no form in ONNX.
    torch.onnx.export(model, tuple(inputs), os.path.join(FOLDER, name + ".onnx"), input_names=names, opset_version=opset, dynamic_axes=axes)
    with torch.no_grad():
        given = [torch.cat([x, x.flip(0)], 0) for x in inputs] if free and 0 in free else list(inputs)
        if longer:
            given = [torch.cat([x, x[:, :2]], 1) for x in given]
        results = model(*given)
    results = [results] if torch.is_tensor(results) else list(results)
    state = {f"input_{i}": x for i, x in enumerate(given)}
    state.update({f"output_{i}": y for i, y in enumerate(results)})
    torch.save(state, os.path.join(FOLDER, name + ".pt"))


class Recurrent(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.layer = kind(5, 6, batch_first=True, **options)

    def forward(self, x):
        y, state = self.layer(x)
        return (y, *state) if isinstance(state, tuple) else (y, state)


class Attention(nn.Module):
    """Written as transformers writes it: shapes computed from the input, an additive mask."""

    def __init__(self, words=20, width=16, heads=4):
        super().__init__()
        self.heads = heads
        self.embedding = nn.Embedding(words, width)
        self.positions = nn.Embedding(12, width)
        self.query, self.key, self.value = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.dense = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.register_buffer("ids", torch.arange(12).unsqueeze(0))

    def split(self, x):
        return x.view(x.size(0), x.size(1), self.heads, -1).permute(0, 2, 1, 3)

    def forward(self, tokens, mask):
        x = self.embedding(tokens) + self.positions(self.ids[:, : tokens.size(1)])
        extended = (1.0 - mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        scores = torch.matmul(self.split(self.query(x)), self.split(self.key(x)).transpose(-1, -2)) / 2.0
        context = torch.matmul(F.softmax(scores + extended, -1), self.split(self.value(x))).permute(0, 2, 1, 3).contiguous()
        context = context.view(context.size()[:-2] + (x.size(-1),))
        x = self.norm(x + self.dense(F.gelu(context)))
        return torch.tanh(x[:, 0]), x


class Shapes(nn.Module):
    def forward(self, x):
        parts = torch.split(x, [1, 2], 1)
        padded = F.pad(parts[1], (1, 2, 0, 1), mode="reflect")
        shuffled = F.pixel_shuffle(torch.cat([x, x[:, :1]], 1), 2)
        values, places = x.flatten(1).topk(3, 1)
        masked = x.masked_fill(x > 0.5, -1.0).tril()
        picked = x[:, [2, 0]].gather(2, torch.ones(x.size(0), 2, 1, 4, dtype=torch.long))
        rolled = torch.flip(x, [3])[..., ::2].repeat(1, 1, 2, 1)
        return padded, shuffled, values, places, masked, picked, rolled, x.cumsum(2), torch.einsum("bchw,bdhw->bcd", x, x)


class Numbers(nn.Module):
    def forward(self, x):
        z = x * 3 - 1
        return (F.elu(z), F.selu(z), F.celu(z), F.hardswish(z), F.hardsigmoid(z), F.leaky_relu(z, 0.2), F.softplus(z), F.gelu(z, approximate="tanh"), F.silu(z), F.mish(z),
                z.clamp(-0.5, 0.7), z.remainder(0.3), z.var(1), z.logsumexp(1), z.norm(dim=1), z.argmax(1), z.amin(1), z.prod(1), torch.where(z > 0, z, z * 2), z.round(),
                (x * 5).long() // 2, torch.div((z * 5).long(), 2, rounding_mode="trunc"), F.one_hot((x * 3).long(), 4), z.log_softmax(0), F.softsign(z))


class Resized(nn.Module):
    def forward(self, x):
        return (F.interpolate(x, scale_factor=2, mode="nearest"), F.interpolate(x, size=(7, 5), mode="bilinear", align_corners=False),
                F.interpolate(x, size=(7, 5), mode="bilinear", align_corners=True), F.max_pool2d(x, 3, 2, 1, ceil_mode=True),
                F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), F.avg_pool2d(x, 2, ceil_mode=True), F.max_pool1d(x[0], 2))


class Transposed(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1)
        self.line = nn.Conv1d(4, 3, 3, padding=2, dilation=2)
        self.norms = nn.Sequential(nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True), nn.PReLU(4))

    def forward(self, x):
        y = self.norms(self.up(x))
        return y, self.line(y[:, :, 0])


def main():
    torch.manual_seed(0)
    os.makedirs(FOLDER, exist_ok=True)
    picture = torch.rand(1, 3, 32, 32)
    models = torchvision.models
    write("mobilenet_v2", models.MobileNetV2(num_classes=5, width_mult=0.1, inverted_residual_setting=[[1, 8, 1, 1], [6, 16, 1, 2], [6, 24, 1, 2]]), [picture], [0])
    write("resnet", small_resnet(), [picture], [0])
    write("densenet", models.DenseNet(growth_rate=4, block_config=(2, 2), num_init_features=8, bn_size=2, num_classes=5), [torch.rand(1, 3, 64, 64)], [0])
    write("shufflenet", models.ShuffleNetV2([1, 1, 1], [8, 8, 16, 32, 32], num_classes=5), [picture], [0])
    write("vision_transformer", models.VisionTransformer(image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=5), [picture], [0])
    write("transformer_encoder", nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 2, enable_nested_tensor=False), [torch.rand(2, 7, 16)], [0])
    write("attention", Attention(), [torch.randint(0, 20, (2, 6)), torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]])], [0, 1])
    write("lstm", Recurrent(nn.LSTM, num_layers=2, bidirectional=True), [torch.rand(2, 7, 5)], [0])
    write("gru", Recurrent(nn.GRU, num_layers=2), [torch.rand(2, 7, 5)], [0])
    write("rnn", Recurrent(nn.RNN, nonlinearity="relu", bidirectional=True), [torch.rand(2, 7, 5)], [0])
    write("shapes", Shapes(), [torch.rand(2, 3, 4, 4)], [0])
    write("numbers", Numbers(), [torch.rand(3, 5)], [0])
    write("resized", Resized(), [torch.rand(2, 3, 5, 6)])
    write("transposed", Transposed(), [torch.rand(2, 3, 5, 6)], [0])
    write("older", nn.Sequential(nn.Conv2d(3, 4, 3), nn.Hardtanh(-1, 1), nn.Flatten(), nn.Linear(4 * 30 * 30, 6), nn.Softmax(1)), [picture], [0], opset=9)
    words = [torch.randint(1, 30, (2, 6)), torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]])]
    write("bert", Bert(), words, [0, 1], opset=13, longer=True)
    write("gpt2", Gpt2(), words, [0, 1], opset=14, longer=True)


def small_resnet():
    class Small(torchvision.models.ResNet):
        def _make_layer(self, block, planes, blocks, stride=1, dilate=False):
            return super()._make_layer(block, planes // 16, blocks, stride, dilate)

    model = Small(torchvision.models.resnet.Bottleneck, [1, 1, 1, 1], num_classes=5)
    model.fc = nn.Linear(32 * 4, 5)
    return model


main()
