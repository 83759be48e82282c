"""Writes vision/transforms.json: resizing and affine maps by PyTorch, hue by Python's colorsys."""

import colorsys
import json
import math
import os

import torch
import torch.nn.functional as F

from common import FOLDER
from vision_models import fill

torch.set_default_dtype(torch.float64)


def matrix(angle, shift_x, shift_y, scale, shear):
    """From new places to old ones: the inverse of shift * rotation * scale * shear, written as matrices."""
    a, s = math.radians(angle), math.radians(shear)
    forward = torch.tensor([[1.0, 0, shift_x], [0, 1, shift_y], [0, 0, 1]])
    forward = forward @ torch.tensor([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1.0]])
    forward = forward @ torch.diag(torch.tensor([scale, scale, 1.0]))
    forward = forward @ torch.tensor([[1.0, -math.tan(s), 0], [0, 1, 0], [0, 0, 1]])
    return torch.linalg.inv(forward)[:2]


def affine(x, amounts, mode):
    height, width = x.shape[-2:]
    # affine_grid counts from -1 to 1 over the picture's area.
    to_pixels, to_unit = torch.tensor([width / 2, height / 2, 1.0]), torch.tensor([2 / width, 2 / height])
    theta = matrix(*amounts) * to_pixels * to_unit[:, None]
    grid = F.affine_grid(theta[None], (1, *x.shape), align_corners=False)
    return F.grid_sample(x[None], grid, mode=mode, padding_mode="zeros", align_corners=False)[0]


x = fill((2, 7, 9), 2000)
resized = [{"size": size, "antialias": antialias,
            "values": F.interpolate(x[None], size, mode="bilinear", align_corners=False, antialias=antialias).flatten().tolist()}
           for size in ([14, 18], [10, 5], [3, 4], [7, 20]) for antialias in (False, True)]
maps = [{"amounts": amounts, "mode": mode, "values": affine(x, amounts, mode).flatten().tolist()}
        for amounts in ([31, 0, 0, 1, 0], [-77, 1.5, -2.25, 1, 0], [10, -1, 0.5, 1.3, 20], [0, 2, 1, 0.7, -35]) for mode in ("bilinear", "nearest")]
colours = (fill((3, 4, 5), 2001) + 1) / 2
colours[:, 0, 0] = 0.5
hues = []
for turn in (-0.5, -0.2, 0.1, 0.45):
    result = colours.clone()
    for i in range(4):
        for j in range(5):
            h, s, v = colorsys.rgb_to_hsv(*colours[:, i, j].tolist())
            result[:, i, j] = torch.tensor(colorsys.hsv_to_rgb((h + turn) % 1, s, v))
    hues.append({"turn": turn, "values": result.flatten().tolist()})

with open(os.path.join(FOLDER, "vision", "transforms.json"), "w") as file:
    json.dump({"picture": x.flatten().tolist(), "resized": resized, "maps": maps, "colours": colours.flatten().tolist(), "hues": hues}, file)
    file.write("\n")
