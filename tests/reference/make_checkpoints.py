"""Files of torch.save, in both of its forms, with what lies in them: checkpoints/*.pt and checkpoints.json."""

import json
import os
from collections import OrderedDict

import torch

from common import FOLDER, tensor

out = os.path.join(FOLDER, "checkpoints")
os.makedirs(out, exist_ok=True)


def values(shape, dtype, start=0):
    count = 1
    for size in shape:
        count *= size
    data = torch.arange(start, start + count).reshape(shape)
    return (data % 2 == 0) if dtype == torch.bool else (data / 4 - 1).to(dtype) if dtype.is_floating_point else data.to(dtype)


types = {str(t)[len("torch.") :]: values((2, 3), t) for t in [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.uint8, torch.bool]}
types["int8"] = torch.tensor([-128, -1, 0, 127], dtype=torch.int8)
types["extremes"] = torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0, 65504.0, 2**-24]).to(torch.float16)

base = values((4, 6), torch.float32)
views = OrderedDict(
    whole=base, transposed=base.t(), column=base[:, 2], part=base[1:3, 1:5:2], last=base.reshape(-1)[20:],
    expanded=base[0:1].expand(3, 6), scalar=base[3, 5], empty=base[2:2], lone=torch.tensor(7.5), none=torch.zeros(0, 3),
)

model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
with torch.no_grad():
    for i, p in enumerate(model.parameters()):
        p.copy_(values(p.shape, torch.float32, i))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
model(values((4, 3), torch.float32)).pow(2).sum().backward()
optimizer.step()
training = {
    "epoch": 3, "best": 0.8125, "name": "ünïcödé", "done": False, "nothing": None, "large": 2**40, "huge": 2**80,
    "sizes": torch.Size([2, 3]), "type": torch.float16, "device": torch.device("cpu"), "list": [1, 2.5, "x"], "tuple": (1, (2, 3)), "bytes": b"\x00\xff",
    "model": model.state_dict(), "optimizer": optimizer.state_dict(), "tensors": [torch.ones(2), (torch.zeros(1), 5)],
    "parameter": torch.nn.Parameter(torch.tensor([1.0, 2.0])), 7: {True: torch.tensor([9])},
}


def flat(value, path=""):
    """Tensors by dotted path."""
    join = lambda key: f"{path}.{key}" if path else str(key)
    if isinstance(value, torch.Tensor):
        return {path: value}
    found = {}
    if isinstance(value, dict):
        for key, item in value.items():
            found.update(flat(item, join(key)))
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            found.update(flat(item, join(i)))
    return found


wide = {torch.float16: torch.float32, torch.bfloat16: torch.float32, torch.int8: torch.int32, torch.int16: torch.int32}
expected = {}
for name, content in {"types": types, "views": views, "training": training, "parallel": OrderedDict((f"module.{k}", v) for k, v in model.state_dict().items())}.items():
    for form, options in {"zip": {}, "zip4": {"pickle_protocol": 4}, "legacy": {"_use_new_zipfile_serialization": False}}.items():
        if form == "zip4" and name != "training":
            continue
        torch.save(content, os.path.join(out, f"{name}-{form}.pt"), **options)
    expected[name] = {path: tensor(t.to(wide.get(t.dtype, t.dtype))) for path, t in flat(content).items()}
torch.save(values((2, 2), torch.float32), os.path.join(out, "lone-zip.pt"))
torch.save({"weight": torch.ones(2), "code": os.getcwd}, os.path.join(out, "code-zip.pt"))
torch.save({"weight": torch.ones(2), "code": os.getcwd}, os.path.join(out, "code-legacy.pt"), _use_new_zipfile_serialization=False)
torch.save(model, os.path.join(out, "module-zip.pt"))
torch.jit.script(torch.nn.Linear(2, 2)).save(os.path.join(out, "script-zip.pt"))
with open(os.path.join(out, "values.json"), "w") as file:
    file.write("{\n" + ",\n".join(f'"{name}": {json.dumps(tensors)}' for name, tensors in expected.items()) + "\n}\n")
