"""One neuron and its own ball, by block pivoting: many rows change sides at once, and lambda too.

    min (1/2) |A'u - y|^2 + lambda sum_j p_j |u_j|   s.t.   C'u <= v          A = X_Omega, C = X_C

Given active inputs S with signs s, and active samples K, the equations of pivots.py

    [ A_S A_S'   C_SK ] [ u_S  ]   [ A_S y - lambda p_S s ]
    [ C_SK'      0    ] [ mu_K ] = [ v_K                  ]

are solved by two Cholesky factors (of A_S A_S', and of C_SK' (A_S A_S')^-1 C_SK), for all lambda at
once: the answer is a line in lambda. (A_S A_S' + t C_SK C_SK' stands for A_S A_S', which need not
have an inverse.) lambda is taken where the residual |A'u - y| of that line is the radius of the
ball, or on the way there. Every row that is wrong then changes sides: inputs of S with u_j s_j < 0
and samples of K with mu_i < 0 go to rest, inputs with |c_j| > lambda p_j and samples with
C_i'u > v_i join, the worst first and only so many at a time. Where nothing is wrong, and lambda
stands still, this IS the solution. It begins without the silent samples, down to a residual of
FAR |y| at least (the Lasso).

It has no proof of an end, unlike single exchanges, and on layers with V = 0 and a radius of a third
of |y| or more it cycles: then kit/nettrim/exact/perturbed.py takes over.

Working set: products A_i'A_j are kept only for inputs that might join, those with the largest
|c_j|; all c_j are computed, by one product with X, where nothing else is wrong.

Source: block principal pivoting, Portugal, Judice and Vicente, Math. Comp. 63 (1994); working sets
as in celer (Massias, Gramfort, Salmon 2018). lambda as one more unknown, and the combination, are
derived.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from kit.nettrim.exact.neuron import Neuron
from kit.results import Array

ROUNDS, PATIENCE, HOPELESS = 120, 4, 12  # of pivots; without progress: rows one by one; given up
FEW, SHARE = 8, 0.15  # rows that may join at once: inputs FEW or |S|; samples SHARE |S|
LEAST, RIDGE = 64, 1e-12  # inputs in the working set, besides 2 |S|; of a diagonal
DOWN, UP = 5, 2  # lambda falls and rises by no more than these factors in one pivot
FAR, EASY, SMALLEST = 0.05, 0.12, 1e-6  # |residual| / |y|: silent samples come, largest, smallest
FULL, TOUCH, LESS = 1e-10, 1e-10, 1e-12  # |c_j| above its price, C_i'u its limit, u_j below 0


@dataclass(eq=False)
class Blocks:
    """Who is active, and the answer as a line in lambda: rows are its value at 0 and its slope."""

    neuron: Neuron
    prices: Array  # (N,), 0 for a free input
    inputs: Array = field(init=False)  # (n,) the working set
    place: Array = field(init=False)  # (N,) of an input in it, or -1
    A: Array = field(init=False)  # (N, a), the first n rows of it are theirs
    G: Array = field(init=False)  # (n, n) = A A'
    right: Array = field(init=False)  # (n,) = A y
    side: Array = field(init=False)  # (n,) sign of u_j for active inputs, else 0
    on: Array = field(init=False)  # (c,) of booleans, active samples
    seen: Array = field(init=False)  # (N,) c_j of all inputs when they were last computed
    top: float = field(init=False)  # lambda from which on u = 0, if no silent sample pushes
    lam: float = field(init=False)
    turns: int = 0  # pivots so far
    wrong: int = 0  # rows, at the last pivot
    wanted: float = 0.0  # inputs that wanted to join, as a multiple of those that might
    best: float = np.inf  # fewest wrong rows near this lambda
    since: int = 0  # pivots without fewer
    near: float = 0.0  # the lambda of that
    S: Array = field(init=False)  # (s,) places in inputs, and of what follows
    K: Array = field(init=False)  # (k,)
    u: Array = field(init=False)  # (2, s)
    mu: Array = field(init=False)  # (2, k)
    corr: Array = field(init=False)  # (2, n) c_j
    rho: Array = field(init=False)  # (2, a) A'u - y
    over: Array = field(init=False)  # (2, c) C'u - v

    def __post_init__(self) -> None:
        neuron, N = self.neuron, len(self.prices)
        self.inputs, self.place, self.G = np.zeros(0, int), np.full(N, -1), np.zeros((0, 0))
        self.A = np.empty((N, neuron.y.size))
        self.right, self.side, self.on = np.zeros(0), np.zeros(0), np.zeros(neuron.v.size, bool)
        self.seen = neuron.correlate(neuron.y, None)
        paid = self.prices > 0
        self.top = float((np.abs(self.seen)[paid] / self.prices[paid]).max(initial=0))
        self.lam = self.top
        _enter(self)

    def at(self, line: Array) -> Array:
        """A line, at this lambda."""
        return line[0] + self.lam * line[1]


def reach(neuron: Neuron, radius: float, prices: Array) -> Blocks | None:
    """The neuron solved at this residual, or at EASY |y| where that is more; None: it is not."""
    blocks, size = Blocks(neuron, prices), float(np.linalg.norm(neuron.y))
    if blocks.top == 0 or radius < SMALLEST * size:
        return None
    radius = min(radius, EASY * size)
    try:
        if not pursue(blocks, max(radius, FAR * size), silent=False):
            return None
        return blocks if pursue(blocks, radius, silent=True) else None
    except np.linalg.LinAlgError:
        return None


def rows_of(blocks: Blocks) -> tuple[Array, Array]:
    """The active rows, as a table counts them, and their sides."""
    S, K = blocks.side.nonzero()[0], blocks.on.nonzero()[0]
    B = np.concatenate([blocks.inputs[S], len(blocks.prices) + K])
    return B, np.concatenate([blocks.side[S], -np.ones(K.size)])


def pursue(blocks: Blocks, radius: float, silent: bool) -> bool:
    """Pivot until the residual is `radius` and nothing is wrong; whether that came about.

    silent  False: without the silent samples, and only nearly: within a third, a tenth of S wrong
    Raises numpy's LinAlgError where a factor does not exist.
    """
    blocks.best, blocks.near, priced = np.inf, 0.0, blocks.lam
    for _ in range(ROUNDS):
        _solve(blocks, silent)
        last, goal = blocks.lam, _goal(blocks, radius)
        blocks.lam = float(np.clip(goal, last if blocks.wanted > 1 else last / DOWN, UP * last))
        _exchange(blocks, silent)
        if blocks.since > HOPELESS:
            return False
        near = abs(blocks.lam - last) < 0.3 * last
        if not silent and near and blocks.wrong <= 0.1 * blocks.S.size:
            return True
        if blocks.wrong == 0 or blocks.lam < priced / 3:
            priced = blocks.lam
            new = _look(blocks) | (blocks.wrong > 0)
            if blocks.wrong == 0 and not new and abs(blocks.lam - last) <= 1e-12 * last:
                return True
            if new:
                _enter(blocks)
                blocks.best, blocks.since = np.inf, 0
    return False


def _goal(blocks: Blocks, radius: float) -> float:
    """The lambda at which the line has |A'u - y| = radius, 0 if it stays above, inf if below."""
    rho, slope = blocks.at(blocks.rho), blocks.rho[1]
    a, b, c = slope @ slope, rho @ slope, rho @ rho - radius**2
    if a == 0 or b * b < a * c:
        return 0.0 if c > 0 else np.inf
    far = np.sqrt(b * b - a * c)
    return blocks.lam + (-c / (b + far) if b > 0 else (far - b) / a)


def _solve(blocks: Blocks, silent: bool) -> None:
    """The equations at the active rows: sets all lines."""
    neuron, (x, _y, root) = blocks.neuron, blocks.neuron.scale
    S = blocks.S = blocks.side.nonzero()[0]
    if S.size == 0:
        blocks.on[:] = False
    K = blocks.K = blocks.on.nonzero()[0]
    blocks.turns += 1
    blocks.u, blocks.mu = np.zeros((2, S.size)), np.zeros((2, K.size))
    blocks.corr, blocks.rho = np.zeros((2, len(blocks.inputs))), np.zeros((2, neuron.y.size))
    blocks.corr[0], blocks.rho[0] = blocks.right, -neuron.y
    blocks.over = np.zeros((2, neuron.v.size))
    blocks.over[0] = -neuron.v
    if S.size == 0:
        return
    X, G, samples = neuron.X.take(blocks.inputs[S], 0), blocks.G.take(S, 0), neuron.silent[K]
    equations = _Equations(G.take(S, 1), X.take(samples, 1) / x if K.size else None)
    f, g = np.zeros((S.size, 2)), np.zeros((K.size, 2))
    f[:, 0], f[:, 1] = blocks.right[S], -blocks.prices[blocks.inputs[S]] * blocks.side[S]
    g[:, 0] = neuron.v[K]
    u, mu = equations.solve(f, g)
    du, dmu = equations.solve(*equations.missing(u, mu, f, g))  # refined once
    blocks.u, blocks.mu = (u + du).T, (mu + dmu).T
    out = _times(blocks.u, X) / x
    blocks.rho += out.take(neuron.active, 1) / root
    if silent:
        blocks.over += out.take(neuron.silent, 1)
    blocks.corr -= _times(blocks.u, G)
    if K.size:
        rows = neuron.X.take(samples, 1).take(blocks.inputs, 0)
        blocks.corr -= _times(blocks.mu / x, rows.T)


def _times(u: Array, M: Array) -> Array:
    """u M for u (2, s): two products with a vector are faster than one with two rows."""
    return np.array([u[0] @ M, u[1] @ M])


def _exchange(blocks: Blocks, silent: bool) -> None:
    """Let wrong rows at this lambda change sides; sets `wrong`."""
    S, K, lam = blocks.S, blocks.K, blocks.lam
    u, mu, corr = blocks.at(blocks.u), blocks.at(blocks.mu), blocks.at(blocks.corr)
    price = lam * blocks.prices[blocks.inputs]
    out = (u * blocks.side[S] < -LESS * np.abs(u).max(initial=1)) & (price[S] > 0)
    idle = mu < -LESS * np.abs(mu).max(initial=lam)
    above = np.abs(corr) - price * (1 + FULL)
    above[S] = -1
    into, touch = (above > 0).nonzero()[0], np.zeros(0, int)
    if silent:
        over = blocks.at(blocks.over)
        over[K] = -1
        touch = (over > TOUCH).nonzero()[0]
    wrong = blocks.wrong = np.count_nonzero(out) + np.count_nonzero(idle) + into.size + touch.size
    if wrong < max(blocks.best, 1) or abs(lam - blocks.near) > 0.05 * lam:
        blocks.best, blocks.near, blocks.since = wrong, lam, 0
    else:
        blocks.since += 1
    if blocks.since > PATIENCE:  # Murty: the last wrong row alone
        if touch.size or idle.any():
            last = max([*touch, *K[idle]])
            out, into, touch, idle = out & False, into[:0], touch[touch == last], idle & (last == K)
        else:
            last = max([*into, *S[out]])
            into, out = into[into == last], out & (last == S)
    room = max(1, int(SHARE * S.size)) if silent else max(FEW, len(blocks.prices) // 32, S.size)
    blocks.wanted = into.size / room
    into = _worst(into, above, room)
    blocks.side[S[out]], blocks.side[into] = 0, np.sign(corr[into])
    blocks.on[K[idle]] = False
    if touch.size:
        room = min(room, np.count_nonzero(blocks.side) - np.count_nonzero(blocks.on))
        blocks.on[_worst(touch, over, max(room, 1))] = True  # |K| <= |S|, or they are dependent


def _look(blocks: Blocks) -> bool:
    """Compute all c_j; whether an input outside the working set is wrong."""
    silent = None
    if blocks.K.size:
        silent = np.zeros(blocks.on.size)
        silent[blocks.K] = -blocks.at(blocks.mu)
    blocks.seen = blocks.neuron.correlate(-blocks.at(blocks.rho), silent)
    wrong = np.abs(blocks.seen) > blocks.lam * blocks.prices * (1 + FULL)
    return bool((wrong & (blocks.place < 0) & (blocks.prices > 0)).any())


def _enter(blocks: Blocks) -> None:
    """Take in the inputs with the largest |c_j| / p_j; all, if that is half of them or more."""
    N, n, neuron = len(blocks.prices), len(blocks.inputs), blocks.neuron
    want, free = LEAST + 2 * np.count_nonzero(blocks.side), blocks.prices == 0
    new = np.arange(N)
    if want < N // 2:
        rank = np.where(free, np.inf, np.abs(blocks.seen) / np.where(free, 1, blocks.prices))
        new = np.argpartition(-rank, want)[:want]  # a free input comes first and stays
    new = new[blocks.place[new] < 0]
    if new.size == 0:
        return
    blocks.inputs = np.concatenate([blocks.inputs, new])
    blocks.place[new] = np.arange(n, len(blocks.inputs))
    rows, G = neuron.rows(new), np.empty((len(blocks.inputs),) * 2)
    G[:n, :n], G[n:, n:] = blocks.G, rows @ rows.T
    G[n:, :n] = rows @ blocks.A[:n].T
    G[:n, n:] = G[n:, :n].T
    blocks.G, blocks.A[n : len(G)] = G, rows
    blocks.right = np.concatenate([blocks.right, rows @ neuron.y])
    blocks.side = np.concatenate([blocks.side, free[new].astype(float)])


class _Equations:
    """M x + C mu = f,  C'x = g  for M (s, s) and C (s, k) or None, by factors.

    With samples, of M + t C C' instead, f + t C g: the same x and mu, where M alone has no inverse.
    Both factors are those of a matrix that is a little larger, so that they exist where rows are
    copies of others; a step of refinement makes up for it.
    """

    def __init__(self, M: Array, C: Array | None) -> None:
        self.M, self.C, self.t = M, C, 0.0
        if C is not None:
            self.t = M.trace() / max(np.vdot(C, C), 1e-300)
            M = M + self.t * (C @ C.T)
        self.factor = _factor(M, RIDGE)
        if C is not None:
            self.inner = dpotrs(self.factor, C, lower=1)[0]
            self.outer = _factor(C.T @ self.inner, 1e3 * RIDGE)

    def solve(self, f: Array, g: Array) -> tuple[Array, Array]:
        """x (s, 2) and mu (k, 2)."""
        if self.C is None:
            return dpotrs(self.factor, f, lower=1)[0], g
        x = dpotrs(self.factor, f + self.t * (self.C @ g), lower=1)[0]
        mu = dpotrs(self.outer, self.C.T @ x - g, lower=1)[0]
        return x - self.inner @ mu, mu

    def missing(self, x: Array, mu: Array, f: Array, g: Array) -> tuple[Array, Array]:
        """f and g less what x and mu give."""
        f = f - self.M @ x
        return (f, g) if self.C is None else (f - self.C @ mu, g - self.C.T @ x)


def _factor(M: Array, ridge: float) -> Array:
    M = M.copy()
    M.flat[:: len(M) + 1] *= 1 + ridge
    factor, failed = dpotrf(M.T, lower=1, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError("the active rows are dependent")
    return factor


def _worst(rows: Array, how: Array, room: int) -> Array:
    return rows if rows.size <= room else rows[np.argpartition(-how[rows], room)[:room]]
