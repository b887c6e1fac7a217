"""Data for BranchHull, with a truth to compare with: rng first, (data, truth) out."""

import numpy as np

from kit.arguments import choice, generator, instance, number, real_array, shown, whole
from kit.branchhull.problem import Bilinear, Truth
from kit.results import Array

VALUES = {  # name -> law of n nonzero entries
    "normal": lambda rng, n: rng.standard_normal(n),
    "signs": lambda rng, n: rng.choice([-1.0, 1.0], n),
    "ones": lambda rng, n: np.ones(n),
}


def gaussian(
    rng: np.random.Generator,
    L: int,
    K: int,
    N: int,
    *,
    sparsity: tuple[int, int] | None = None,
    values: str = "normal",
    noise: float = 0.0,
    outliers: int = 0,
    wrong_signs: int = 0,
) -> tuple[Bilinear, Truth]:
    """Gaussian measurements y = (B h) o (C m) o (1 + noise g), g standard normal.

    B (L, K), C (L, N)  independent entries of mean 0 and variance 1/L
    sparsity            (S1, S2): how many entries of h and m are nonzero, at random places;
                        None: all of them
    values              of the nonzero entries: "normal" N(0, 1), "signs" +1 or -1, "ones" 1
    noise >= 0          relative size of dense noise; y changes sign where noise g < -1
    outliers            so many entries of y become -(1 + |g|) y: wrong sign, wrong size
    wrong_signs         so many entries of signs are flipped

    The truth's scale is as drawn: compare with `recovery_error`. Raises ValueError for sizes below
    1 or counts that do not fit. Source: the experiments of arXiv 1809.08359.
    """
    rng = generator(rng)
    L, K, N = (whole(name, n, least=1) for name, n in (("L", L), ("K", K), ("N", N)))
    noise = number("noise", noise, least=0)
    choice("values", values, VALUES)
    for name, count in (("outliers", outliers), ("wrong_signs", wrong_signs)):
        if whole(name, count, least=0) > L:
            raise ValueError(f"{name} must be at most L = {L}, got {count}")
    S1, S2 = _sparsity(sparsity, K, N)
    B, C = rng.standard_normal((L, K)) / np.sqrt(L), rng.standard_normal((L, N)) / np.sqrt(L)
    h, m = _sparse(rng, K, S1, values), _sparse(rng, N, S2, values)
    w, x = B @ h, C @ m
    y = w * x * (1 + noise * rng.standard_normal(L))
    struck = rng.permutation(L)[:outliers]
    y[struck] *= -(1 + np.abs(rng.standard_normal(outliers)))
    signs = np.where(w < 0, -1.0, 1.0)
    signs[rng.permutation(L)[:wrong_signs]] *= -1
    return Bilinear(B, C, y, signs), Truth(h, m)


def balance(h: Array, m: Array, objective: str = "l2", gamma: float = 1.0) -> tuple[Array, Array]:
    """(c h, m / c) with |c h| = gamma |m / c| in the objective's norm (l2, else l1)."""
    h, m = real_array("h", h, 1), real_array("m", m, 1)
    gamma = number("gamma", gamma, least=0, above=True)
    order = 2 if choice("objective", objective, ("l2", "l1")) == "l2" else 1
    size_h, size_m = np.linalg.norm(h, order), gamma * np.linalg.norm(m, order)
    if size_h == 0 or size_m == 0:
        return h, m
    c = np.sqrt(size_m / size_h)
    return c * h, m / c


def recovery_error(
    h: Array, m: Array, truth: Truth, objective: str = "l2", gamma: float = 1.0
) -> float:
    """|(h, m) - (h~, m~)|_2 / |(h~, m~)|_2, where (h~, m~) is the truth, balanced.

    Balanced means |h~| = gamma |m~| in the objective's norm, l2 or l1, as a program's answer is
    (with slack, as it would be without). 0 is exact recovery up to the scaling that no measurement
    can see; a global change of sign is not forgiven, since the signs fix it. Raises ValueError for
    shapes that do not match.
    """
    instance("truth", truth, Truth)
    h, m = real_array("h", h, 1), real_array("m", m, 1)
    if h.shape != truth.h.shape or m.shape != truth.m.shape:
        raise ValueError(
            f"h and m must have the truth's shapes {truth.h.shape} and {truth.m.shape}, "
            f"got {h.shape} and {m.shape}"
        )
    true_h, true_m = balance(truth.h, truth.m, objective, gamma)
    size = np.hypot(np.linalg.norm(true_h), np.linalg.norm(true_m))
    distance = np.hypot(np.linalg.norm(h - true_h), np.linalg.norm(m - true_m))
    return float(distance / size) if size > 0 else float(distance)


def _sparsity(sparsity: object, K: int, N: int) -> tuple[int, int]:
    if sparsity is None:
        return K, N
    try:
        S1, S2 = sparsity
    except (TypeError, ValueError):
        raise ValueError(
            f"sparsity must be a pair (S1, S2) or None, got {shown(sparsity)}"
        ) from None
    for name, S, n in (("S1", S1, K), ("S2", S2, N)):
        if whole(f"sparsity {name}", S, least=1) > n:
            raise ValueError(f"sparsity {name} must be at most {n}, got {S}")
    return S1, S2


def _sparse(rng: np.random.Generator, n: int, nonzero: int, values: str) -> Array:
    vector = np.zeros(n)
    place = rng.permutation(n)[:nonzero]
    vector[place] = VALUES[values](rng, nonzero)
    return vector
