"""Optimizers over 20 steps. Run: /usr/bin/python3 tests/reference/make_optimizers.py

All but LBFGS get stored gradients, so that only the update rule is at work; LBFGS minimises formulas that README.md
gives.
"""

import torch

from common import Recorder, snake

recorder = Recorder("make_optimizers.py", "optimizers.json", seed=5)
values = recorder.values
# In float64 ASGD keeps its eta and mu in float64 too; with the usual default they would be rounded to float32.
torch.set_default_dtype(torch.float64)
STEPS = 20

START = {"weight": values.normal(3, 2), "bias": values.normal(4)}


def gradient_sequence(*shape):
    """Part steady, part noise: signs that stay, signs that change, and some exact zeros (Rprop minds all three)."""
    steady, noise = values.normal(1, *shape), values.normal(STEPS, *shape)
    g = (steady + noise * 0.75).mul(64).round().div(64)
    g[values.integers(0, 20, STEPS, *shape) == 0] = 0
    return g


GRADIENTS = {"weight": gradient_sequence(3, 2), "bias": gradient_sequence(4)}


def trajectory(kind, name, arguments, group_rates=None, state=()):
    """The parameters after every step; with group_rates, weight and bias are a group each with its own lr."""
    parameters = {k: v.clone().requires_grad_() for k, v in START.items()}
    groups = (
        list(parameters.values())
        if group_rates is None
        else [{"params": [p], "lr": lr} for p, lr in zip(parameters.values(), group_rates)]
    )
    optimizer = getattr(torch.optim, kind)(groups, **{snake(k): v for k, v in arguments.items()})
    record = {k: [] for k in parameters}
    record.update({f"{k}.{s}": [] for k in parameters for s in state})
    for step in range(STEPS):
        for k, p in parameters.items():
            p.grad = GRADIENTS[k][step].clone()
        optimizer.step()
        for k, p in parameters.items():
            record[k].append(p.detach().clone())
            for s in state:
                record[f"{k}.{s}"].append(torch.as_tensor(optimizer.state[p][s]).clone())
    inputs = {**START, **{f"{k}.grad": g for k, g in GRADIENTS.items()}}
    extra = {} if group_rates is None else {"groupLr": list(group_rates)}
    recorder.add(
        kind, name, inputs, {**arguments, **extra, "steps": STEPS}, {k: torch.stack(v) for k, v in record.items()}
    )


def family(kind, default, variants, state=()):
    trajectory(kind, "plain", default, state=state)
    for change in variants:
        name = ", ".join(f"{k} {v}" for k, v in change.items()).replace("True", "true")
        trajectory(kind, name, {**default, **change}, state=state)


family(
    "SGD",
    {"lr": 0.1},
    (
        {"momentum": 0.9},
        {"momentum": 0.9, "dampening": 0.5},
        {"momentum": 0.9, "nesterov": True},
        {"weightDecay": 0.1},
        {"momentum": 0.9, "weightDecay": 0.1},
        {"momentum": 0.8, "nesterov": True, "weightDecay": 0.05},
        {"maximize": True},
        {"momentum": 0.9, "maximize": True, "weightDecay": 0.1},
    ),
)
family(
    "Adagrad",
    {"lr": 0.1},
    (
        {"lrDecay": 0.1},
        {"weightDecay": 0.1},
        {"initialAccumulatorValue": 0.5},
        {"eps": 1e-3},
        {"lrDecay": 0.05, "weightDecay": 0.01, "initialAccumulatorValue": 0.1},
        {"maximize": True},
    ),
)
family(
    "Adam",
    {"lr": 0.05},
    (
        {"betas": [0.8, 0.95]},
        {"eps": 1e-3},
        {"weightDecay": 0.1},
        {"amsgrad": True},
        {"amsgrad": True, "weightDecay": 0.1, "betas": [0.5, 0.6]},
        {"maximize": True},
    ),
)
family(
    "AdamW",
    {"lr": 0.05},
    ({"weightDecay": 0.0}, {"weightDecay": 0.5}, {"betas": [0.8, 0.95]}, {"amsgrad": True}, {"maximize": True}),
)
family("Adamax", {"lr": 0.05}, ({"betas": [0.8, 0.95]}, {"eps": 1e-3}, {"weightDecay": 0.1}, {"maximize": True}))
family(
    "ASGD",
    {"lr": 0.1},
    (
        {"lambd": 0.01},
        {"alpha": 0.5},
        {"t0": 5.0},
        {"weightDecay": 0.1},
        {"lambd": 0.02, "alpha": 0.9, "t0": 3.0, "weightDecay": 0.05},
        {"maximize": True, "t0": 0.0},
    ),
    state=("ax",),
)
family(
    "RMSprop",
    {"lr": 0.02},
    (
        {"alpha": 0.9},
        {"eps": 1e-3},
        {"centered": True},
        {"momentum": 0.9},
        {"weightDecay": 0.1},
        {"centered": True, "momentum": 0.5, "alpha": 0.9, "weightDecay": 0.05},
        {"maximize": True},
    ),
)
family(
    "Rprop",
    {"lr": 0.05},
    (
        {"etas": [0.6, 1.4]},
        {"stepSizes": [0.02, 0.08]},
        {"etas": [0.3, 1.1], "stepSizes": [1e-3, 0.2]},
        {"maximize": True},
    ),
)
for kind, arguments in (
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("Adagrad", {"lr": 0.1}),
    ("Adam", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05}),
    ("Adamax", {"lr": 0.05}),
    ("ASGD", {"lr": 0.1}),
    ("RMSprop", {"lr": 0.02}),
    ("Rprop", {"lr": 0.05}),
):
    trajectory(kind, "two groups", arguments, group_rates=(0.2, 0.02))


def rosenbrock(x, y):
    """x: [3,2] and y: [4] laid in one row z of 10: the sum of 100 (z[k+1] - z[k]^2)^2 + (1 - z[k])^2."""
    z = torch.cat((x.reshape(-1), y))
    return (100 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2).sum()


def bowl(x, y):
    """Smooth, convex and not quadratic: sum of log(1 + exp(z) + exp(-2 z)) + z^2 / 20 over all elements."""
    z = torch.cat((x.reshape(-1), y))
    return (torch.log(1 + torch.exp(z) + torch.exp(-2 * z)) + z**2 / 20).sum()


OBJECTIVES = {"rosenbrock": rosenbrock, "bowl": bowl}


def lbfgs(name, objective, arguments, steps=STEPS):
    """After every step: the parameters, the loss it returned (its first evaluation) and the evaluations so far."""
    x, y = (START[k].clone().requires_grad_() for k in ("weight", "bias"))
    optimizer = torch.optim.LBFGS([x, y], **{snake(k): v for k, v in arguments.items()})
    record = {"weight": [], "bias": [], "loss": [], "evaluations": []}
    count = 0

    def closure():
        nonlocal count
        count += 1
        optimizer.zero_grad()
        loss = OBJECTIVES[objective](x, y)
        loss.backward()
        return loss

    for _ in range(steps):
        loss = optimizer.step(closure)
        for k, v in (("weight", x), ("bias", y), ("loss", loss), ("evaluations", torch.tensor(count))):
            record[k].append(v.detach().clone())
    recorder.add(
        "LBFGS",
        name,
        dict(START),
        {**arguments, "objective": objective, "steps": steps},
        {k: torch.stack(v) for k, v in record.items()},
    )


# Small rates where there is no line search: far from the minimum no stopping test is decided by rounding.
lbfgs("bowl, no line search", "bowl", {"lr": 0.1, "maxIter": 3})
lbfgs("bowl, one iteration a step", "bowl", {"lr": 0.2, "maxIter": 1})
lbfgs("bowl, history 2", "bowl", {"lr": 0.1, "maxIter": 3, "historySize": 2})
lbfgs("bowl, maxEval 2", "bowl", {"lr": 0.1, "maxIter": 10, "maxEval": 2})
lbfgs("bowl, toleranceGrad stops early", "bowl", {"lr": 0.2, "maxIter": 20, "toleranceGrad": 0.05})
lbfgs("bowl, toleranceChange stops early", "bowl", {"lr": 0.2, "maxIter": 20, "toleranceChange": 0.05})
lbfgs("bowl, strong Wolfe", "bowl", {"lr": 1.0, "maxIter": 2, "lineSearchFn": "strong_wolfe"}, steps=4)
lbfgs("rosenbrock, small rate, no line search", "rosenbrock", {"lr": 0.01, "maxIter": 2})
lbfgs("rosenbrock, strong Wolfe", "rosenbrock", {"lr": 1.0, "maxIter": 1, "lineSearchFn": "strong_wolfe"})
lbfgs(
    "rosenbrock, strong Wolfe, history 3",
    "rosenbrock",
    {"lr": 1.0, "maxIter": 2, "historySize": 3, "lineSearchFn": "strong_wolfe"},
)
lbfgs(
    "rosenbrock, strong Wolfe, few evaluations",
    "rosenbrock",
    {"lr": 1.0, "maxIter": 4, "maxEval": 5, "lineSearchFn": "strong_wolfe"},
    steps=10,
)

recorder.write()
