"""The sweeps of the lessons, in the sizes of the papers.

    rows = collect(PAPER["l2-law"], folder)               what is committed in notebooks/results
    rows = run(replace(PAPER["l2-law"], trials=1), folder)     a tenth of it, in any folder

`python -m kit.experiments.trials FOLDER [names]` does them all. What a trial does, and what decides
in it, stands in bilinear.py, sparse.py, images.py and neurons.py.
"""

import sys

import numpy as np

from kit.experiments.bilinear import METHODS, l2_certificate, l2_map, l2_method
from kit.experiments.images import RIVALS, image_recovery, positive_light
from kit.experiments.neurons import neuron_recovery, pruned_network
from kit.experiments.sparse import l1_certificate, l1_noise, l1_outliers, l1_solved
from kit.experiments.sweep import Sweep, run

PAIRS = ((5, 5), (10, 5), (10, 10), (20, 20), (10, 50), (50, 50))
NEURONS = ((50, 2), (50, 4), (50, 10), (100, 5), (100, 10), (100, 20), (200, 5), (200, 10))


def lengths(K: int, N: int) -> tuple[int, ...]:
    """Twelve numbers of measurements around 2 (K + N - 2), half a standard deviation apart."""
    middle = 2 * (K + N - 2)
    step = max(1, round(np.sqrt(middle) / 2))
    return tuple(middle + step * k for k in range(-4, 8))


def samples(N: int, s: int) -> tuple[int, ...]:
    """Twelve numbers of samples between 1.6 and 4.4 times s log(N / s)."""
    return tuple(round(share * s * np.log(N / s)) for share in np.linspace(1.6, 4.4, 12))


LAW = [{"K": (K,), "N": (N,), "L": lengths(K, N)} for K, N in PAIRS]
METHOD = {"K": (10,), "N": (10,), "L": range(20, 65, 4), "method": METHODS}
OUTLIERS = {"outliers": (0, 1, 2, 4, 8), "lam": (0.0, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 3.0)}
NEURON = [{"N": (N,), "s": (s,), "P": samples(N, s)} for N, s in NEURONS]
NEURON_MAP = {"N": (40, 80), "s": (1, 2, 3, 4, 6, 8, 12, 16), "P": range(8, 193, 8)}
PRUNED = {"epsilon": (0.02, 0.05, 0.1, 0.15, 0.2, 0.3), "mode": ("parallel", "cascade")}
MU = (0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 8.0)
LIGHT = {"light": ("random", "dct"), "N": (10, 40, 100, 200), "mu": MU}
POSITIVE = [  # the log-domain rival knows no mu
    {"exponential": (False, True), "mu": (0.1, 0.3, 2.0), "method": RIVALS[:-1]},
    {"exponential": (False, True), "mu": (0.0,), "method": RIVALS[-1:]},
]
SWEEPS = (
    Sweep("l2-law", 1, l2_certificate, LAW, 10),
    Sweep("l2-map", 1, l2_map, {"K": range(2, 21, 2), "L": range(4, 101, 4)}, 1),
    Sweep("l2-rivals", 1, l2_method, METHOD, 50, paired=("method",)),
    Sweep("l1-grid", 1, l1_certificate, {"S": range(1, 16), "L": range(4, 141, 4)}, 10),
    Sweep("l1-solved", 1, l1_solved, {"S": (2, 4), "L": range(12, 61, 4)}, 20),
    Sweep("l1-noise", 1, l1_noise, {"alpha": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)}, 10),
    Sweep("l1-outliers", 2, l1_outliers, OUTLIERS, 20, paired=("lam",)),
    Sweep("neuron-law", 1, neuron_recovery, NEURON, 3),
    Sweep("neuron-map", 1, neuron_recovery, NEURON_MAP, 1),
    Sweep("pruned-network", 1, pruned_network, PRUNED, 4, paired=("mode",)),
    Sweep("image-map", 1, image_recovery, LIGHT, 4, paired=("mu",)),
    Sweep("image-positive", 1, positive_light, POSITIVE, 5, paired=("mu", "method")),
)
PAPER = {sweep.name: sweep for sweep in SWEEPS}


if __name__ == "__main__":
    _, folder, *names = sys.argv
    for name in names or PAPER:
        run(PAPER[name], folder)
