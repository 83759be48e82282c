"""Metrics computed from their definitions in plain Python, and checked against scikit-learn where it is installed.

Run: /usr/bin/python3 tests/reference/make_metrics.py
"""

import torch

from common import Recorder

try:
    from sklearn import metrics as oracle
except ImportError:
    oracle = None

recorder = Recorder("make_metrics.py", "metrics.json", seed=10)
values = recorder.values


def ratio(a, b):
    """What is divided by zero counts as zero."""
    return a / b if b else 0.0


def f1(precision, recall):
    return ratio(2 * precision * recall, precision + recall)


def floats(data):
    return torch.tensor(data, dtype=torch.float64)


def agree(ours, theirs):
    assert torch.allclose(floats(ours), torch.as_tensor(theirs, dtype=torch.float64), atol=1e-12, rtol=1e-12), (
        ours,
        theirs,
    )


def confusion_matrix(predicted, target, classes):
    """Row: the true class; column: the predicted one."""
    matrix = [[0] * classes for _ in range(classes)]
    for p, t in zip(predicted, target):
        matrix[t][p] += 1
    return matrix


def classification(name, predicted, target, classes):
    predicted, target = list(predicted), list(target)
    matrix = confusion_matrix(predicted, target, classes)
    hits = [matrix[c][c] for c in range(classes)]
    said = [sum(row[c] for row in matrix) for c in range(classes)]
    support = [sum(matrix[c]) for c in range(classes)]
    total = len(target)
    precision = [ratio(h, n) for h, n in zip(hits, said)]
    recall = [ratio(h, n) for h, n in zip(hits, support)]
    scores = {"precision": precision, "recall": recall, "f1": [f1(p, r) for p, r in zip(precision, recall)]}
    output = {
        "confusionMatrix": torch.tensor(matrix),
        "support": torch.tensor(support),
        "accuracy": floats(ratio(sum(hits), total)),
    }
    for k, per_class in scores.items():
        output[f"{k}.perClass"] = floats(per_class)
        output[f"{k}.macro"] = floats(sum(per_class) / classes)
        output[f"{k}.weighted"] = floats(ratio(sum(v * n for v, n in zip(per_class, support)), total))
        # One label a sample: what one class misses another takes, so all three are the accuracy.
        output[f"{k}.micro"] = floats(ratio(sum(hits), total))
    if classes == 2:
        output.update({f"{k}.binary": floats(v[1]) for k, v in scores.items()})
    if oracle and total:
        labels = list(range(classes))
        agree(matrix, oracle.confusion_matrix(target, predicted, labels=labels))
        for average in (None, "macro", "weighted", "micro") + (("binary",) if classes == 2 else ()):
            theirs = oracle.precision_recall_fscore_support(
                target, predicted, labels=labels if average != "binary" else None, average=average, zero_division=0
            )
            for k, v in zip(scores, theirs):
                agree(output[f"{k}.{average or 'perClass'}"].tolist(), v)
    recorder.add(
        "classification",
        name,
        {"predicted": torch.tensor(predicted, dtype=torch.int64), "target": torch.tensor(target, dtype=torch.int64)},
        {"numClasses": classes},
        output,
    )


def noisy(target, classes, wrong):
    """Predictions of which about 1 in `wrong` is drawn at random."""
    drawn, keep = values.integers(0, classes, len(target)), values.integers(0, wrong, len(target)) != 0
    return torch.where(keep, target, drawn).tolist()


target = values.integers(0, 2, 40)
classification("binary", noisy(target, 2, 3), target.tolist(), 2)
target = values.integers(0, 5, 60)
classification("five classes", noisy(target, 5, 2), target.tolist(), 5)
classification("all right", [0, 1, 2, 1], [0, 1, 2, 1], 3)
classification("all wrong", [1, 2, 0, 2], [0, 1, 2, 1], 3)
classification("a class never predicted", [0, 0, 1, 1, 0], [0, 2, 1, 2, 1], 3)
classification("a class that does not occur", [0, 3, 1, 1, 0], [0, 0, 1, 1, 1], 4)
classification("a class neither predicted nor there", [0, 1, 1, 0], [0, 0, 1, 1], 4)
classification("binary, never positive", [0, 0, 0, 0], [0, 1, 0, 1], 2)
classification("binary, no positive there", [0, 1, 0, 1], [0, 0, 0, 0], 2)
target = torch.tensor([0] * 25 + [1] * 4 + [2])
classification("unbalanced", noisy(target, 3, 2), target.tolist(), 3)


def top_k(name, scores, target, k):
    """Right when fewer than k classes score higher than the true one; scores here have no ties."""
    right = sum(sum(other > row[t] for other in row) < k for row, t in zip(scores.tolist(), target.tolist()))
    value = right / len(target)
    if oracle and scores.shape[1] > 2:
        agree(value, oracle.top_k_accuracy_score(target, scores, k=k, labels=list(range(scores.shape[1]))))
    recorder.add("topKAccuracy", name, {"scores": scores, "target": target}, {"k": k}, floats(value))


scores, target = values.distinct(30, 6), values.integers(0, 6, 30)
for k in (1, 2, 3, 5, 6):
    top_k(f"k {k} of 6", scores, target, k)


def roc_auc(name, scores, target):
    """The share of pairs of a positive and a negative in which the positive scores higher; a tie counts one half."""
    positive = [s for s, t in zip(scores, target) if t]
    negative = [s for s, t in zip(scores, target) if not t]
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    value = wins / (len(positive) * len(negative))
    if oracle:
        agree(value, oracle.roc_auc_score(target, scores))
    recorder.add("rocAuc", name, {"scores": floats(scores), "target": torch.tensor(target)}, None, floats(value))


target = values.integers(0, 2, 40).tolist()
roc_auc("no ties", values.distinct(40).tolist(), target)
roc_auc("better than chance", [s + t for s, t in zip(values.distinct(40).tolist(), target)], target)
roc_auc("many ties", [v / 4 for v in values.integers(0, 5, 40).tolist()], target)
roc_auc("perfect", [0.1, 0.2, 0.7, 0.9], [0, 0, 1, 1])
roc_auc("upside down", [0.9, 0.7, 0.2, 0.1], [0, 0, 1, 1])
roc_auc("all scores equal", [0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1])
roc_auc("one positive", [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 0])


def regression(name, predicted, target):
    errors = [p - t for p, t in zip(predicted, target)]
    mean = sum(target) / len(target)
    residual, spread = sum(e * e for e in errors), sum((t - mean) ** 2 for t in target)
    output = {"mse": residual / len(target), "mae": sum(map(abs, errors)) / len(target), "r2": 1 - residual / spread}
    if oracle:
        for k, function in (
            ("mse", oracle.mean_squared_error),
            ("mae", oracle.mean_absolute_error),
            ("r2", oracle.r2_score),
        ):
            agree(output[k], function(target, predicted))
    recorder.add(
        "regression",
        name,
        {"predicted": floats(predicted), "target": floats(target)},
        None,
        {k: floats(v) for k, v in output.items()},
    )


target = values.normal(25)
regression("close", (target + values.normal(25) / 4).tolist(), target.tolist())
regression("worse than the mean", values.normal(25).tolist(), target.tolist())
regression("exact", target.tolist(), target.tolist())
regression("far from zero", (target + values.normal(25) / 8 + 1000).tolist(), (target + 1000).tolist())

recorder.write()
print("checked against scikit-learn" if oracle else "scikit-learn is not installed: not checked")
