"""The sweeps of the lessons, at laptop size and at paper size.

    rows = run(LAPTOP["l2-law"], folder)       seconds on two cores, at most a minute
    rows = collect(PAPER["l2-law"], folder)    what is committed in notebooks/results

A laptop-size sweep has the name of its paper-size one and cells of its grid: where the paper-size
rows are, there is nothing left to do. `python -m kit.experiments.trials FOLDER [names]` does the
paper sizes. What a trial does, and what decides in it, stands in bilinear.py, images.py and
neurons.py.
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


def lengths(K: int, N: int, count: int = 12) -> tuple[int, ...]:
    """Numbers of measurements around 2 (K + N - 2), half a standard deviation apart."""
    middle = 2 * (K + N - 2)
    step = max(1, round(np.sqrt(middle) / 2))
    return tuple(middle + step * k for k in range(-4, count - 4))


def samples(N: int, s: int) -> tuple[int, ...]:
    """Twelve numbers of samples between 1.6 and 4.4 times s log(N / s)."""
    return tuple(round(share * s * np.log(N / s)) for share in np.linspace(1.6, 4.4, 12))


def _law(pairs: tuple, trials: int) -> Sweep:
    grid = [{"K": (K,), "N": (N,), "L": lengths(K, N)} for K, N in pairs]
    return Sweep("l2-law", 1, l2_certificate, grid, trials)


def _map(K: tuple, L: tuple) -> Sweep:
    return Sweep("l2-map", 1, l2_map, {"K": K, "L": L}, 1)


def _rivals(L: tuple, trials: int) -> Sweep:
    grid = {"K": (10,), "N": (10,), "L": L, "method": METHODS}
    return Sweep("l2-rivals", 1, l2_method, grid, trials, paired=("method",))


def _l1_grid(L: tuple, S: tuple, trials: int) -> Sweep:
    return Sweep("l1-grid", 1, l1_certificate, {"S": S, "L": L}, trials)


def _l1_solved(L: tuple, S: tuple, trials: int) -> Sweep:
    return Sweep("l1-solved", 1, l1_solved, {"S": S, "L": L}, trials)


def _l1_noise(alpha: tuple, trials: int) -> Sweep:
    return Sweep("l1-noise", 1, l1_noise, {"alpha": alpha}, trials)


def _l1_outliers(outliers: tuple, lam: tuple, trials: int) -> Sweep:
    grid = {"outliers": outliers, "lam": lam}
    return Sweep("l1-outliers", 2, l1_outliers, grid, trials, paired=("lam",))


def _neurons(pairs: tuple, trials: int) -> Sweep:
    grid = [{"N": (N,), "s": (s,), "P": samples(N, s)} for N, s in pairs]
    return Sweep("neuron-law", 1, neuron_recovery, grid, trials)


def _neuron_map(N: tuple, s: tuple, P: tuple) -> Sweep:
    return Sweep("neuron-map", 1, neuron_recovery, {"N": N, "s": s, "P": P}, 1)


def _pruned(epsilon: tuple, trials: int) -> Sweep:
    grid = {"epsilon": epsilon, "mode": ("parallel", "cascade")}
    return Sweep("pruned-network", 1, pruned_network, grid, trials, paired=("mode",))


def _images(N: tuple, mu: tuple, trials: int) -> Sweep:
    grid = {"light": ("random", "dct"), "N": N, "mu": mu}
    return Sweep("image-map", 1, image_recovery, grid, trials, paired=("mu",))


def _positive(mu: tuple, trials: int) -> Sweep:
    names, kinds = RIVALS[:-1], {"exponential": (False, True)}
    grid = [{**kinds, "mu": mu, "method": names}, {**kinds, "mu": (0.0,), "method": RIVALS[-1:]}]
    return Sweep("image-positive", 1, positive_light, grid, trials, paired=("mu", "method"))


def _named(*sweeps: Sweep) -> dict[str, Sweep]:
    return {sweep.name: sweep for sweep in sweeps}


LAPTOP = _named(
    _law(((5, 5), (10, 10)), 5),
    _map((4, 8, 12), tuple(range(8, 81, 8))),
    _rivals((28, 36, 44, 52), 5),
    _l1_grid(tuple(range(4, 85, 8)), (1, 2, 3, 4), 5),
    _l1_solved((28, 40, 52), (2, 4), 5),
    _l1_noise((0.1, 0.4, 0.8), 3),
    _l1_outliers((0, 2, 4), (0.0, 0.1, 0.3, 1.0), 3),
    _neurons(((50, 2), (50, 4), (100, 5)), 1),
    _neuron_map((40,), (1, 2, 4), tuple(range(8, 97, 8))),
    _pruned((0.05, 0.15), 1),
    _images((10, 40), (0.5, 2.0, 8.0), 1),
    _positive((0.3, 2.0), 1),
)
PAPER = _named(
    _law(PAIRS, 10),
    _map(tuple(range(2, 21, 2)), tuple(range(4, 101, 4))),
    _rivals(tuple(range(20, 65, 4)), 50),
    _l1_grid(tuple(range(4, 141, 4)), tuple(range(1, 16)), 10),
    _l1_solved(tuple(range(12, 61, 4)), (2, 4), 20),
    _l1_noise((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8), 10),
    _l1_outliers((0, 1, 2, 4, 8), (0.0, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 3.0), 20),
    _neurons(NEURONS, 3),
    _neuron_map((40, 80), (1, 2, 3, 4, 6, 8, 12, 16), tuple(range(8, 193, 8))),
    _pruned((0.02, 0.05, 0.1, 0.15, 0.2, 0.3), 4),
    _images((10, 40, 100, 200), (0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 8.0), 4),
    _positive((0.1, 0.3, 2.0), 5),
)


def main(arguments: list[str]) -> None:
    """Do the paper-size sweeps that are named, or all of them, in a folder."""
    folder, *names = arguments
    for name in names or PAPER:
        run(PAPER[name], folder)


if __name__ == "__main__":
    main(sys.argv[1:])
