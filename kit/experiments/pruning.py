"""Pruning methods at equal sparsity, as a sweep: chosen on one seed, reported on another.

A trial draws data, trains a small network on them and prunes its hidden layers by every method of
kit/nettrim/rivals.py to the same shares of zeros. CHOICE and REPORT differ in the seed only: what
is picked on one is judged on data and networks it has not seen.
"""

from dataclasses import asdict

import numpy as np

from kit import datasets
from kit.arguments import choice
from kit.experiments.rows import Row
from kit.experiments.sweep import Sweep
from kit.nettrim import accuracy, rivals, train

SHARES = (0.5, 0.7, 0.8, 0.9, 0.95)
SIZES = {"digits": (40, 24), "spirals": (30, 30)}


def table(rng: np.random.Generator, *, data: str) -> list[Row]:
    """Rows of `rivals.compare` for all methods and refits on "digits" or "spirals".

    Each row also holds `trained`, the accuracy before pruning. digits: 64-40-24-10 on 539 samples;
    spirals: 2-30-30-1 on 300.
    """
    choice("data", data, SIZES)
    if data == "digits":
        samples, epochs, alpha = datasets.digits(rng, test=0.7), 60, 1e-4
    else:
        samples, epochs, alpha = datasets.spirals(rng, 600, turns=1.0, test=0.5), 600, 1e-3
    network = train(rng, samples, SIZES[data], epochs=epochs, alpha=alpha).network
    trained = accuracy(network, samples.X_test, samples.labels_test)
    methods = {**rivals.RIVALS, **rivals.IMPROVED}
    refits = (None, "least-squares", "relu")
    rows = rivals.compare(network, samples, SHARES, methods=methods, refits=refits)
    return [{**asdict(row), "trained": trained} for row in rows]


GRID = {"data": ("digits", "spirals")}
CHOICE = Sweep("pruning", 1, table, GRID, trials=3, seed=0)
REPORT = Sweep("pruning", 1, table, GRID, trials=3, seed=1)


def means(rows: list[Row], of: str = "accuracy") -> dict[tuple[str, str, str, float], tuple]:
    """(data, method, refit, share) -> (mean of row[of], its standard error, number of rows)."""
    groups: dict[tuple[str, str, str, float], list[float]] = {}
    for row in rows:
        key = row["data"], row["method"], row["refit"], row["share"]
        groups.setdefault(key, []).append(row[of])
    return {
        key: (
            float(np.mean(v)),
            float(np.std(v, ddof=1) / np.sqrt(len(v))) if len(v) > 1 else float("nan"),
            len(v),
        )
        for key, v in groups.items()
    }
