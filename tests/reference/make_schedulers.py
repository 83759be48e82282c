"""Learning-rate schedulers: the rates before the first and after every step.

Run: /usr/bin/python3 tests/reference/make_schedulers.py
"""

import warnings

import torch
from torch.optim import lr_scheduler

from common import Recorder, snake

recorder = Recorder("make_schedulers.py", "schedulers.json", seed=6)
values = recorder.values
torch.set_default_dtype(torch.float64)
warnings.filterwarnings("ignore")

LAMBDAS = {"0.95^epoch": lambda epoch: 0.95**epoch, "1/(1+epoch)": lambda epoch: 1 / (1 + epoch)}


def optimizer_with(rates, kind="SGD", **options):
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates]
    return getattr(torch.optim, kind)(groups, lr=rates[0], **options)


def schedule(kind, name, arguments, rates=(0.1,), steps=25, optimizer="SGD", options=None, metrics=None):
    """output lr: [steps + 1, groups]. Row 0 is set by making the scheduler, row k by its k-th step."""
    maker = optimizer_with(rates, optimizer, **(options or {}))
    given = {{"tMax": "T_max", "t0": "T_0", "tMult": "T_mult"}.get(k, snake(k)): v for k, v in arguments.items()}
    if kind == "LambdaLR":
        given = {"lr_lambda": [LAMBDAS[k] for k in arguments["lrLambda"]]}
    scheduler = getattr(lr_scheduler, kind)(maker, **given)
    record = {"lr": []}
    if kind == "OneCycleLR" and arguments.get("cycleMomentum", True):
        record["momentum" if optimizer == "SGD" else "beta1"] = []

    def note():
        record["lr"].append([float(g["lr"]) for g in maker.param_groups])
        for k in record:
            if k != "lr":
                record[k].append(
                    [float(g["momentum"] if k == "momentum" else g["betas"][0]) for g in maker.param_groups]
                )

    note()
    for step in range(steps):
        maker.step()
        scheduler.step(*([] if metrics is None else [metrics[step]]))
        note()
    inputs = {"lr": torch.tensor(rates)}
    if metrics is not None:
        inputs["metrics"] = torch.tensor(metrics)
    extra = (
        {"optimizer": optimizer, **{k: list(v) if isinstance(v, tuple) else v for k, v in (options or {}).items()}}
        if optimizer != "SGD" or options
        else {}
    )
    recorder.add(
        kind, name, inputs, {**arguments, **extra, "steps": steps}, {k: torch.tensor(v) for k, v in record.items()}
    )


TWO = (0.1, 0.02)
schedule("StepLR", "every 5", {"stepSize": 5}, TWO)
schedule("StepLR", "every 3 by 0.5", {"stepSize": 3, "gamma": 0.5})
schedule("MultiStepLR", "milestones 4, 9, 15", {"milestones": [4, 9, 15], "gamma": 0.3}, TWO)
schedule("MultiStepLR", "a milestone twice counts twice", {"milestones": [4, 4, 10]})
schedule("ExponentialLR", "gamma 0.9", {"gamma": 0.9}, TWO)
schedule("CosineAnnealingLR", "tMax 20, and back up after it", {"tMax": 20}, TWO, steps=45)
schedule("CosineAnnealingLR", "etaMin 0.01", {"tMax": 10, "etaMin": 0.01}, steps=25)
for t_mult, steps in ((1, 25), (2, 40), (3, 25)):
    schedule("CosineAnnealingWarmRestarts", f"tMult {t_mult}", {"t0": 5, "tMult": t_mult}, TWO, steps=steps)
schedule("CosineAnnealingWarmRestarts", "etaMin 0.01", {"t0": 4, "tMult": 2, "etaMin": 0.01})
schedule("LinearLR", "warm-up by default", {}, TWO)
schedule("LinearLR", "from 0.1 in 8 steps", {"startFactor": 0.1, "totalIters": 8})
schedule("LinearLR", "downwards", {"startFactor": 1.0, "endFactor": 0.25, "totalIters": 10})
schedule("LambdaLR", "0.95^epoch", {"lrLambda": ["0.95^epoch"]})
schedule("LambdaLR", "one function a group", {"lrLambda": ["0.95^epoch", "1/(1+epoch)"]}, TWO)

SGD = {"momentum": 0.9}
for anneal in ("cos", "linear"):
    for three in (False, True):
        label = anneal + (", three phases" if three else "")
        schedule(
            "OneCycleLR",
            label,
            {"maxLr": 0.5, "totalSteps": 26, "annealStrategy": anneal, "threePhase": three},
            options=SGD,
        )
schedule("OneCycleLR", "two groups", {"maxLr": [0.5, 0.05], "totalSteps": 26}, TWO, options=SGD)
schedule(
    "OneCycleLR", "epochs and steps per epoch", {"maxLr": 0.5, "epochs": 3, "stepsPerEpoch": 7}, options=SGD, steps=20
)
schedule(
    "OneCycleLR",
    "all options",
    {
        "maxLr": 0.2,
        "totalSteps": 26,
        "pctStart": 0.4,
        "baseMomentum": 0.8,
        "maxMomentum": 0.99,
        "divFactor": 10.0,
        "finalDivFactor": 100.0,
    },
    options=SGD,
)
schedule("OneCycleLR", "no momentum cycle", {"maxLr": 0.2, "totalSteps": 26, "cycleMomentum": False}, options=SGD)
schedule(
    "OneCycleLR",
    "Adam cycles beta1",
    {"maxLr": 0.01, "totalSteps": 26},
    optimizer="Adam",
    options={"betas": (0.9, 0.999)},
)

# A metric that falls, stalls, falls a little, rises.
STALLING = [
    1.0,
    0.8,
    0.7,
    0.7,
    0.7,
    0.70005,
    0.69996,
    0.69,
    0.69,
    0.69,
    0.69,
    0.69,
    0.69,
    0.5,
    0.6,
    0.6,
    0.6,
    0.6,
    0.6,
    0.6,
    0.6,
    0.6,
    0.49,
    0.49,
    0.55,
    0.6,
    0.6,
    0.6,
    0.6,
    0.6,
]
RISING = [1 - v for v in STALLING]
NEGATIVE = [-v for v in STALLING]
plateau = lambda name, arguments, metrics=STALLING, rates=(0.1,): schedule(
    "ReduceLROnPlateau", name, arguments, rates, steps=len(metrics), metrics=metrics
)
plateau("patience 2", {"patience": 2}, rates=TWO)
plateau("default patience 10", {})
plateau("patience 0, factor 0.5", {"patience": 0, "factor": 0.5})
plateau("max", {"mode": "max", "patience": 2}, RISING)
plateau("max, absolute threshold", {"mode": "max", "patience": 2, "threshold": 0.05, "thresholdMode": "abs"}, RISING)
plateau("relative threshold 0.05", {"patience": 2, "threshold": 0.05, "thresholdMode": "rel"})
plateau("absolute threshold 0.15", {"patience": 2, "threshold": 0.15, "thresholdMode": "abs"})
plateau("cooldown 3", {"patience": 1, "cooldown": 3, "factor": 0.5})
plateau("minLr 0.02", {"patience": 1, "minLr": 0.02, "factor": 0.5})
plateau("minLr a group", {"patience": 1, "minLr": [0.03, 0.001], "factor": 0.5}, rates=TWO)
plateau("eps larger than the change", {"patience": 1, "eps": 0.02, "factor": 0.5})
plateau("max of negative values, relative threshold", {"mode": "max", "patience": 2, "threshold": 0.01}, NEGATIVE)

recorder.write()
