"""The first 50 losses of two small networks from stored weights and samples, in float64 and float32.

Run: /usr/bin/python3 tests/reference/make_trajectories.py
"""

import torch
import torch.nn.functional as F
from torch import nn

from common import Recorder

recorder = Recorder("make_trajectories.py", "trajectories.json", seed=9)
values = recorder.values
torch.manual_seed(9)
STEPS, BATCH, CLASSES = 50, 32, 10


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(64, 32), nn.Linear(32, 16), nn.Linear(16, CLASSES)

    def forward(self, x):
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


class Cnn(nn.Module):
    """[N,1,12,12] -> conv [N,4,10,10] -> pool [N,4,5,5] -> conv [N,8,3,3] -> [N,72] -> [N,10]."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.fc = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3), nn.Linear(72, CLASSES)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        return self.fc(F.relu(self.conv2(x)).flatten(1))


def samples(count, *shape):
    """Each class has a template of 0..15; a sample is its template with a third of the places replaced by noise."""
    templates = values.integers(0, 16, CLASSES, *shape)
    labels = values.integers(0, CLASSES, count)
    noise, replaced = values.integers(0, 16, count, *shape), values.integers(0, 3, count, *shape) == 0
    return torch.where(replaced, noise, templates[labels]).to(torch.uint8), labels


def train(name, model, optimizer, arguments, x, labels):
    with torch.no_grad():
        for p in model.parameters():
            p.copy_((p * 1024).round() / 1024)
    start = {k: v.detach().double().clone() for k, v in model.named_parameters()}
    output = {}
    for dtype in (torch.float64, torch.float32):
        model.load_state_dict(start)
        model.to(dtype)
        made = getattr(torch.optim, optimizer)(model.parameters(), **arguments)
        losses = []
        for step in range(STEPS):
            first = step * BATCH % len(labels)
            loss = F.cross_entropy(model(x[first : first + BATCH].to(dtype) / 16), labels[first : first + BATCH])
            made.zero_grad()
            loss.backward()
            made.step()
            losses.append(loss.detach())
        text = str(dtype)[6:]
        output[f"{text}.loss"] = torch.stack(losses)
        for k, p in model.named_parameters():
            output[f"{text}.{k}.sum"], output[f"{text}.{k}.absSum"] = p.detach().sum(), p.detach().abs().sum()
    drift = (output["float64.loss"] - output["float32.loss"]).abs().max().item()
    print(f"{name}: loss {losses[0]:.4f} -> {losses[-1]:.4f}; float32 strays at most {drift:.1e} from float64")
    recorder.add(
        name,
        f"{optimizer}, lr {arguments['lr']:g}",
        {"x": x, "labels": labels, **start},
        {"optimizer": optimizer, **arguments, "batchSize": BATCH, "steps": STEPS, "inputScale": 1 / 16},
        output,
    )


train("Mlp", Mlp(), "SGD", {"lr": 0.1, "momentum": 0.9}, *samples(256, 64))
pictures, classes = samples(64, 1, 12, 12)
for rate in (1e-3, 1e-2):
    train("Cnn", Cnn(), "Adam", {"lr": rate}, pictures, classes)

recorder.write()
