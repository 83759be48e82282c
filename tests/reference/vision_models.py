"""Writes vision/models.json: parameter counts, outputs and gradients of the picture models, by PyTorch in float64.

The modules are written out with the layout and the keys of their sources (torchvision 0.14, akamaster's
pytorch_resnet_cifar10, the course's networks). See models_common.py for weights and inputs.
"""

import torch
import torch.nn.functional as F
from torch import nn

from models_common import write

torch.set_default_dtype(torch.float64)


class LinearClassifier(nn.Module):
    def __init__(self, inputs=784, classes=10):
        super().__init__()
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        return self.fc(x.flatten(1))


class Mlp(nn.Module):
    def __init__(self, inputs=784, classes=10):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(inputs, 512), nn.Linear(512, 256), nn.Linear(256, 128)
        self.fc4, self.fc5 = nn.Linear(128, 64), nn.Linear(64, classes)

    def forward(self, x):
        x = x.flatten(1)
        for layer in (self.fc1, self.fc2, self.fc3, self.fc4):
            x = F.relu(layer(x))
        return self.fc5(x)


class Cnn(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 10, 5), nn.Conv2d(10, 20, 5)
        self.pooling = nn.MaxPool2d(2)
        self.fc = nn.Linear(320, classes)

    def forward(self, x):
        x = F.relu(self.pooling(self.conv1(x)))
        x = F.relu(self.pooling(self.conv2(x)))
        return self.fc(x.flatten(1))


class LeNet(nn.Module):
    def __init__(self, classes=10, channels=1):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, classes)

    def forward(self, x):
        if x.shape[-1] == 28:
            x = F.pad(x, (2, 2, 2, 2))
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.tanh(self.fc1(x.flatten(1)))
        return self.fc3(torch.tanh(self.fc2(x)))


class InceptionA(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.branch1x1 = nn.Conv2d(channels, 16, 1)
        self.branch5x5_1 = nn.Conv2d(channels, 16, 1)
        self.branch5x5_2 = nn.Conv2d(16, 24, 5, padding=2)
        self.branch3x3_1 = nn.Conv2d(channels, 16, 1)
        self.branch3x3_2 = nn.Conv2d(16, 24, 3, padding=1)
        self.branch3x3_3 = nn.Conv2d(24, 24, 3, padding=1)
        self.branch_pool = nn.Conv2d(channels, 24, 1)

    def forward(self, x):
        pooled = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        return torch.cat([self.branch1x1(x), self.branch5x5_2(self.branch5x5_1(x)),
                          self.branch3x3_3(self.branch3x3_2(self.branch3x3_1(x))), self.branch_pool(pooled)], dim=1)


class InceptionNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 10, 5), nn.Conv2d(88, 20, 5)
        self.incep1, self.incep2 = InceptionA(10), InceptionA(20)
        self.mp = nn.MaxPool2d(2)
        self.fc = nn.Linear(1408, classes)

    def forward(self, x):
        x = self.incep1(F.relu(self.mp(self.conv1(x))))
        x = self.incep2(F.relu(self.mp(self.conv2(x))))
        return self.fc(x.flatten(1))


class PlainResidual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, channels, 3, padding=1), nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return F.relu(x + self.conv2(F.relu(self.conv1(x))))


class ResidualNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 16, 5), nn.Conv2d(16, 32, 5)
        self.rblock1, self.rblock2 = PlainResidual(16), PlainResidual(32)
        self.mp = nn.MaxPool2d(2)
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = self.rblock1(self.mp(F.relu(self.conv1(x))))
        x = self.rblock2(self.mp(F.relu(self.conv2(x))))
        return self.fc(x.flatten(1))


class Block(nn.Module):
    def __init__(self, inside, outside, stride, option):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside)
        self.conv2, self.bn2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False), nn.BatchNorm2d(outside)
        self.option = option if stride != 1 or inside != outside else None
        if self.option == "B":
            self.downsample = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.option == "A":
            planes = y.shape[1]
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, planes // 4, planes // 4), "constant", 0)
        elif self.option == "B":
            x = self.downsample(x)
        return F.relu(y + x)


def stage(inside, outside, blocks, option):
    stride = 1 if inside == outside else 2
    return nn.Sequential(Block(inside, outside, stride, option), *[Block(outside, outside, 1, option) for _ in range(blocks - 1)])


class ResNet(nn.Module):
    def __init__(self, blocks, classes=1000, channels=3, small=False):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, 3, 1, 1, bias=False) if small else nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        self.layer1, self.layer2 = stage(64, 64, blocks[0], "B"), stage(64, 128, blocks[1], "B")
        self.layer3, self.layer4 = stage(128, 256, blocks[2], "B"), stage(256, 512, blocks[3], "B")
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class CifarResNet(nn.Module):
    def __init__(self, depth, classes=10):
        super().__init__()
        blocks = (depth - 2) // 6
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = stage(16, 16, blocks, "A"), stage(16, 32, blocks, "A"), stage(32, 64, blocks, "A")
        self.linear = nn.Linear(64, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.linear(F.avg_pool2d(x, x.size()[3]).flatten(1))


class BasicConv2d(nn.Module):
    def __init__(self, inside, outside, **options):
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, bias=False, **options)
        self.bn = nn.BatchNorm2d(outside, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    def __init__(self, inside, single, reduce2, second, reduce3, third, pooled):
        super().__init__()
        self.branch1 = BasicConv2d(inside, single, kernel_size=1)
        self.branch2 = nn.Sequential(BasicConv2d(inside, reduce2, kernel_size=1), BasicConv2d(reduce2, second, kernel_size=3, padding=1))
        self.branch3 = nn.Sequential(BasicConv2d(inside, reduce3, kernel_size=1), BasicConv2d(reduce3, third, kernel_size=3, padding=1))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1, ceil_mode=True), BasicConv2d(inside, pooled, kernel_size=1))

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class GoogLeNet(nn.Module):
    def __init__(self, classes=1000, channels=3, small=False, dropout=0.2):
        super().__init__()
        self.conv1 = BasicConv2d(channels, 64, kernel_size=3, padding=1) if small else BasicConv2d(channels, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.Identity() if small else nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2, self.conv3 = BasicConv2d(64, 64, kernel_size=1), BasicConv2d(64, 192, kernel_size=3, padding=1)
        self.inception3a, self.inception3b = Inception(192, 64, 96, 128, 16, 32, 32), Inception(256, 128, 128, 192, 32, 96, 64)
        self.inception4a, self.inception4b = Inception(480, 192, 96, 208, 16, 48, 64), Inception(512, 160, 112, 224, 24, 64, 64)
        self.inception4c, self.inception4d = Inception(512, 128, 128, 256, 24, 64, 64), Inception(512, 112, 144, 288, 32, 64, 64)
        self.inception4e = Inception(528, 256, 160, 320, 32, 128, 128)
        self.inception5a, self.inception5b = Inception(832, 256, 160, 320, 32, 128, 128), Inception(832, 384, 192, 384, 48, 128, 128)
        self.dropout, self.fc = nn.Dropout(dropout), nn.Linear(1024, classes)

    def forward(self, x):
        x = F.max_pool2d(self.conv3(self.conv2(self.maxpool1(self.conv1(x)))), 3, stride=2, ceil_mode=True)
        x = F.max_pool2d(self.inception3b(self.inception3a(x)), 3, stride=2, ceil_mode=True)
        x = self.inception4e(self.inception4d(self.inception4c(self.inception4b(self.inception4a(x)))))
        x = self.inception5b(self.inception5a(F.max_pool2d(x, 2, stride=2, ceil_mode=True)))
        return self.fc(self.dropout(F.adaptive_avg_pool2d(x, 1).flatten(1)))


class VisionTransformer(nn.Module):
    def __init__(self, size, patch, classes, channels, width, depth, heads, feedforward):
        super().__init__()
        self.conv_proj = nn.Conv2d(channels, width, patch, stride=patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embedding = nn.Embedding(1 + (size[0] // patch) * (size[1] // patch), width)
        layer = nn.TransformerEncoderLayer(width, heads, feedforward, 0.0, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth, nn.LayerNorm(width))
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        patches = self.conv_proj(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(len(x), 1, -1), patches], 1) + self.pos_embedding.weight
        return self.head(self.encoder(x)[:, 0])


CASES = [
    ("linear", LinearClassifier(), (3, 1, 28, 28)),
    ("mlp", Mlp(), (3, 1, 28, 28)),
    ("cnn", Cnn(), (3, 1, 28, 28)),
    ("lenet", LeNet(), (3, 1, 28, 28)),
    ("lenet colour", LeNet(10, 3), (2, 3, 32, 32)),
    ("inception", InceptionNet(), (2, 1, 28, 28)),
    ("residual", ResidualNet(), (2, 1, 28, 28)),
    ("resnet18", ResNet([2, 2, 2, 2]), (2, 3, 64, 64)),
    ("resnet34", ResNet([3, 4, 6, 3]), (2, 3, 64, 64)),
    ("resnet18 cifar", ResNet([2, 2, 2, 2], 10, 1, True), (2, 1, 16, 16)),
    ("resnet20", CifarResNet(20), (2, 3, 32, 32)),
    ("resnet56", CifarResNet(56), (2, 3, 32, 32)),
    ("googlenet", GoogLeNet(dropout=0), (2, 3, 64, 64)),
    ("googlenet cifar", GoogLeNet(10, 1, True, 0), (2, 1, 30, 28)),
    ("vit", VisionTransformer((28, 28), 4, 10, 1, 64, 6, 4, 128), (2, 1, 28, 28)),
    ("vit colour", VisionTransformer((16, 24), 8, 5, 3, 32, 2, 2, 48), (3, 3, 16, 24)),
]

if __name__ == "__main__":
    write("vision", CASES)
