"""PyTorch's side of lesson 4's race: the cost after 100 steps of each optimizer, and the step at which it fell below 0.01.
Prints what tests/Cresset.Lessons.Tests/Course.cs compares with."""

import torch
from torch.optim import ASGD, LBFGS, SGD, Adagrad, Adam, Adamax, AdamW, RMSprop, Rprop


def cost(x, y):
    return (1 - x) ** 2 + 10 * (y - x**2) ** 2


def race(name, make):
    x = torch.tensor(-1.5, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(1.8, dtype=torch.float64, requires_grad=True)
    optimizer = make([x, y])

    def closure():
        optimizer.zero_grad()
        loss = cost(x, y)
        loss.backward()
        return loss

    arrived = None
    for step in range(1, 101):
        optimizer.step(closure)
        if arrived is None and cost(x, y).item() < 0.01:
            arrived = step
    print(f"{name:15} {cost(x, y).item():.6g} {arrived}")


race("SGD", lambda p: SGD(p, lr=0.01))
race("SGD, momentum", lambda p: SGD(p, lr=0.01, momentum=0.9))
race("Nesterov", lambda p: SGD(p, lr=0.01, momentum=0.9, nesterov=True))
race("ASGD", lambda p: ASGD(p, lr=0.01))
race("Adagrad", lambda p: Adagrad(p, lr=0.4))
race("RMSprop", lambda p: RMSprop(p, lr=0.02))
race("Rprop", lambda p: Rprop(p, lr=0.02))
race("Adam", lambda p: Adam(p, lr=0.1))
race("AdamW", lambda p: AdamW(p, lr=0.1, weight_decay=0.01))
race("Adamax", lambda p: Adamax(p, lr=0.2))
race("L-BFGS", lambda p: LBFGS(p, max_iter=1, line_search_fn="strong_wolfe"))
