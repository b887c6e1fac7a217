"""A guess at the active rows of one neuron, by block pivoting: many rows change at once.

    min (1/2) |A'u - y|^2 + lambda sum_j p_j |u_j|   s.t.   C'u <= v          A = X_Omega, C = X_C

Given active inputs S with signs s, and active samples K, the equations of kit/nettrim/pivoting.py

    [ A_S A_S'   C_SK ] [ u_S  ]   [ A_S y - lambda p_S s ]
    [ C_SK'      0    ] [ mu_K ] = [ v_K                  ]

are solved by two Cholesky factors (of A_S A_S', and of C_SK' (A_S A_S')^-1 C_SK). Every row that is
wrong then changes sides: inputs of S with u_j s_j < 0 and samples of K with mu_i < 0 go to rest,
inputs with |c_j| > lambda p_j and samples with C_i'u > v_i join, the worst first and at most a
quarter of |S| of each. Where nothing is wrong, this IS the solution at lambda. It may cycle
(it has no proof of an end, unlike single exchanges), so it stops when the number of wrong rows has
not fallen for a while, and what it leaves wrong is repaired by the walk that begins here.

Two stages, as in kit/nettrim/active_set.py: without the silent samples, lambda halved until the
residual is small (the Lasso), then with them, at the lambda where the residual was right.

Working set: the rows A_j are needed only for inputs that might join. It holds the 2 |S| inputs with
the largest |c_j|, at least 32, all c_j being computed (one product with X) before it grows.

Source: block principal pivoting, Portugal, Judice and Vicente, Math. Comp. 63 (1994); working sets
as in celer (Massias, Gramfort, Salmon 2018). The combination is derived.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from kit.nettrim.pivoting import crossing
from kit.results import Array

ROUNDS, PATIENCE, SHARE = 15, 3, 0.25  # of pivots; without progress; of |S| that may join at once
LEAST, SMALLEST, FAR = (
    32,
    1e-7,
    0.05,
)  # inputs in the working set; lambda; |residual| / |y| at stage 2
FULL, TOUCH = 1e-9, 1e-12  # relative: |c_j| above its price, C_i'u above its limit


@dataclass(eq=False)
class Work:
    """The working set: its inputs, their rows, and who is active."""

    neuron: object  # kit.nettrim.active_set.Neuron
    prices: Array  # (N,)
    inputs: Array  # (n,)
    place: Array  # (N,) of an input in `inputs`, or -1
    A: Array  # (n, a)
    G: Array  # (n, n) = A A'
    side: Array  # (n,) sign of u_j for active inputs, else 0
    on: Array  # (c,) of booleans, active samples
    corr: Array  # (N,) c_j of all inputs
    left: int = 0  # wrong rows at the end


def guess(
    neuron: object, radius: float, prices: Array, near: Array
) -> tuple[Array, Array, Array, Array, float] | None:
    """Working inputs (n,), their sides (n,) in {-1, 0, 1}, active samples (k,), all c_j, lambda.

    radius  wanted |A'u - y|; near (c,): the limits of the samples. None: nothing was found.
    """
    N, a = len(neuron.X), neuron.y.size
    size = float(np.linalg.norm(neuron.y))
    corr = neuron.correlate(neuron.y, None)
    paid = neuron.paid
    lam = float((np.abs(corr)[:paid] / prices[:paid]).max(initial=0))
    if size == 0 or lam == 0 or radius < 1e-6 * size or radius >= size:
        return None
    empty = np.zeros(0)
    work = Work(
        neuron, prices, np.zeros(0, int), np.full(N, -1), np.zeros((0, a)), np.zeros((0, 0)), empty,
        np.zeros(near.size, bool), corr,
    )  # fmt: skip
    end, rho, last, least = max(radius, FAR * size), -neuron.y, -neuron.y, SMALLEST * lam
    while np.linalg.norm(rho) > end:
        lam, last = lam / 2, rho
        if lam < least:
            return None
        rho = _settle(work, lam, None)
        if rho is None:
            return None
    if near.size == 0:
        return _result(work, lam)
    share = crossing(last, rho - last, end)  # lambda on the chord of the last halving
    lam = lam * (2 - share) if 0 <= share <= 1 else lam
    lasso = work.side.copy(), work.corr
    if _settle(work, lam, near) is None or work.left > len(work.side) // 4:
        work.side = np.append(lasso[0], np.zeros(len(work.inputs) - len(lasso[0])))
        work.on[:], work.corr = False, lasso[1]
    return _result(work, lam)


def _result(work: Work, lam: float) -> tuple[Array, Array, Array, Array, float]:
    return work.inputs, work.side, np.flatnonzero(work.on), work.corr, lam


def _settle(work: Work, lam: float, near: Array | None) -> Array | None:
    """Pivot at lambda until no input outside the working set is wrong: the residual, or None."""
    rho = None
    for _ in range(3):
        _grow(work)
        rho = _pivot(work, lam, near)
        if rho is None:
            return None
        wrong = (np.abs(work.corr) > lam * work.prices * (1 + FULL)) & (work.prices > 0)
        if not (wrong & (work.place < 0)).any():
            break
    return rho


def _grow(work: Work) -> None:
    """Take in the inputs with the largest |c_j| / p_j."""
    want = min(len(work.corr), max(LEAST, 2 * np.count_nonzero(work.side)))
    free = work.prices == 0  # a free input comes first and stays
    rank = np.where(free, np.inf, np.abs(work.corr) / np.where(free, 1, work.prices))
    new = np.argpartition(-rank, want - 1)[:want]
    new = new[work.place[new] < 0]
    if new.size:
        rows = work.neuron.rows(new)
        cross = rows @ work.A.T
        work.G = np.block([[work.G, cross.T], [cross, rows @ rows.T]])
        work.place[new] = len(work.inputs) + np.arange(new.size)
        work.inputs = np.concatenate([work.inputs, new])
        work.A = np.concatenate([work.A, rows])
        work.side = np.concatenate([work.side, free[new].astype(float)])


def _pivot(work: Work, lam: float, near: Array | None) -> Array | None:
    """Block pivots at lambda; sets side, on, corr and left; returns A'u - y."""
    neuron, side, on, G = work.neuron, work.side, work.on, work.G
    price = lam * work.prices[work.inputs]
    right = work.A @ neuron.y
    C = None if near is None else neuron.silent_rows(work.inputs)
    best, patience = np.inf, PATIENCE
    for turn in range(ROUNDS):
        s, k = np.flatnonzero(side), np.flatnonzero(on)
        found = _solve(G, C, right[s] - price[s] * side[s], near, s, k)
        if found is None:
            return None
        u, mu = found
        corr = right - u @ G[s]
        if k.size:
            corr -= C[:, k] @ mu
        out, idle = (u * side[s] < 0) & (price[s] > 0), mu < 0
        into = np.flatnonzero((side == 0) & (np.abs(corr) > price * (1 + FULL)))
        touch = np.zeros(0, int)
        if near is not None:
            over = u @ C[s] - near
            over[k] = -1
            touch = np.flatnonzero(over > TOUCH)
        wrong = np.count_nonzero(out) + into.size + np.count_nonzero(idle) + touch.size
        patience = PATIENCE if wrong < best else patience - 1
        best = min(best, wrong)
        if wrong == 0 or patience < 0 or turn == ROUNDS - 1:
            break
        room = max(4, int(SHARE * s.size))
        into = _worst(into, np.abs(corr) / np.where(price > 0, price, 1), room)
        touch = _worst(touch, over, room) if touch.size else touch
        side[s[out]], side[into] = 0, np.sign(corr[into])
        on[k[idle]], on[touch] = False, True
    rho = u @ work.A[s] - neuron.y
    side[s[out]], on[k[idle]], work.left = 0, False, wrong
    nu = None
    if k.size:
        nu = np.zeros(on.size)
        nu[k] = -mu
    work.corr = neuron.correlate(-rho, nu)
    return rho


def _solve(
    G: Array, C: Array | None, right: Array, near: Array | None, s: Array, k: Array
) -> tuple[Array, Array] | None:
    """u_S and mu_K of the two block equations; None where a factor does not exist."""
    if s.size == 0:
        return np.zeros(0), np.full(k.size, -1.0)
    M = G[s[:, None], s]
    M.flat[:: s.size + 1] *= 1 + 1e-12
    factor, failed = dpotrf(M, lower=1, overwrite_a=0)
    if failed:
        return None
    u = dpotrs(factor, right, lower=1)[0]
    if k.size == 0:
        return u, np.zeros(0)
    C = C[s[:, None], k]
    inner = dpotrs(factor, C, lower=1)[0].reshape(C.shape)
    M = C.T @ inner
    M.flat[:: k.size + 1] *= 1 + 1e-9
    outer, failed = dpotrf(M, lower=1)
    if failed:
        return None
    mu = dpotrs(outer, C.T @ u - near[k], lower=1)[0]
    return u - inner @ mu, mu


def _worst(rows: Array, how: Array, room: int) -> Array:
    return rows if rows.size <= room else rows[np.argpartition(-how[rows], room)[:room]]
