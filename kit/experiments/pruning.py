"""Pruning methods at equal sparsity, as a sweep: chosen on one half, reported on the other.

A trial draws data, trains a small network on them and prunes its hidden layers by every method of
kit/nettrim/networks/rivals.py to the same shares of zeros. CHOICE and REPORT have different seeds,
and no image in common: what is picked on one is judged on data and networks it has not seen.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict

import numpy as np

from kit import datasets
from kit.arguments import choice, several
from kit.experiments.rows import Row, values
from kit.experiments.sweep import Sweep
from kit.nettrim import accuracy, rivals, train
from kit.nettrim.networks.refit import REFITS

SHARES = (0.5, 0.7, 0.8, 0.9, 0.95)
SIZES = {"digits": (40, 24), "spirals": (30, 30)}
HALVES = ("choose", "report")
SAMPLES = 539  # digits to train on, out of the 898 or 899 of a half
CANDIDATES = tuple(
    (method, kind or "") for method in ("net-trim", *rivals.IMPROVED) for kind in REFITS
)


def table(rng: np.random.Generator, *, data: str, half: str) -> list[Row]:
    """Rows of `rivals.compare` for all methods and refits on "digits" or "spirals".

    Each row also holds `trained`, the accuracy before pruning. digits: 64-40-24-10 on 539 images,
    tested on the others of this `half`; spirals, drawn anew in every trial: 2-30-30-1 on 300.
    """
    choice("data", data, SIZES)
    choice("half", half, HALVES)
    if data == "digits":
        samples, epochs, alpha = digits(rng, half), 60, 1e-4
    else:
        samples, epochs, alpha = datasets.spirals(rng, 600, turns=1.0, test=0.5), 600, 1e-3
    network = train(rng, samples, SIZES[data], epochs=epochs, alpha=alpha).network
    trained = accuracy(network, samples.X_test, samples.labels_test)
    methods = {**rivals.RIVALS, **rivals.IMPROVED}
    rows = rivals.compare(network, samples, SHARES, methods=methods, refits=REFITS)
    return [{**asdict(row), "trained": trained} for row in rows]


def digits(rng: np.random.Generator, half: str) -> datasets.Labelled:
    """One half of the 1,797 digits, always the same images, shuffled: 539 to train on."""
    both = datasets.digits(np.random.default_rng(0), test=0.5)
    X, labels = (both.X, both.labels) if half == "choose" else (both.X_test, both.labels_test)
    order = rng.permutation(labels.size)
    one, other = order[:SAMPLES], order[SAMPLES:]
    return datasets.Labelled(X[:, one], labels[one], X[:, other], labels[other])


CHOICE = Sweep("pruning", 2, table, {"data": tuple(SIZES), "half": ("choose",)}, trials=5, seed=0)
REPORT = Sweep("pruning", 2, table, {"data": tuple(SIZES), "half": ("report",)}, trials=5, seed=1)


def scores(rows: Iterable[Row]) -> dict[tuple[str, str], float]:
    """(method, refit) -> mean accuracy over data sets, shares and trials."""
    return {which: float(np.mean(v)) for which, v in _accuracies(rows, "method", "refit").items()}


def best(rows: Iterable[Row]) -> tuple[str, str]:
    """The candidate (method, refit) with the best score, on rows that were kept for choosing.

    Raises ValueError if a row is of the half that is kept for the report.
    """
    rows = several("rows", rows)
    if values(rows, "half") != ["choose"]:
        raise ValueError(f"rows must be of the half 'choose' alone, got {values(rows, 'half')}")
    found = scores(rows)
    return max(CANDIDATES, key=found.__getitem__)


def gains(rows: Iterable[Row], one: tuple[str, str], other: tuple[str, str]) -> np.ndarray:
    """For every trial of every data set: mean accuracy of `one` less that of `other`.

    Both prune the same networks, so that what a lucky training adds to both cancels.
    """
    told = _accuracies(rows, "data", "trial", "method", "refit")
    jobs = dict.fromkeys(key[:2] for key in told)
    return np.array([np.mean(told[(*k, *one)]) - np.mean(told[(*k, *other)]) for k in jobs])


def _accuracies(rows: Iterable[Row], *names: str) -> dict[tuple, list[float]]:
    """Accuracies of the rows that agree in what is named."""
    groups = defaultdict(list)
    for row in several("rows", rows):
        groups[tuple(row[name] for name in names)].append(row["accuracy"])
    return groups
