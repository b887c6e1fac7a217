"""One neuron solved by block pivoting: many rows change sides at once, and lambda too.

    min (1/2) |A'u - y|^2 + lambda sum_j p_j |u_j|   s.t.   C'u <= v          A = X_Omega, C = X_C

Given active inputs S with signs s, and active samples K, the equations of pivots.py

    [ A_S A_S'   C_SK ] [ u_S  ]   [ A_S y - lambda p_S s ]
    [ C_SK'      0    ] [ mu_K ] = [ v_K                  ]

are solved by two Cholesky factors (of A_S A_S', and of C_SK' (A_S A_S')^-1 C_SK), for all lambda at
once: the answer is a line in lambda. (A_S A_S' + t C_SK C_SK' stands for A_S A_S', which need not
have an inverse.) lambda is given, or taken where the residual |A'u - y| of that line is the radius
of the ball, or on the way there. Every row that is wrong then changes sides: inputs of S with
u_j s_j < 0 and samples of K with mu_i < 0 leave, inputs with |c_j| > lambda p_j and samples with
C_i'u > v_i join, the worst first and only so many at a time. Where nothing is wrong, and lambda
stands still, this IS the solution. It begins without the silent samples, down to a residual of
FAR |y| at least (the Lasso).

It has no proof of an end, unlike single exchanges, and on layers with V = 0 and a radius of a third
of |y| or more it cycles: then kit/nettrim/exact/perturbed.py takes over.

Cost. G = A A' is computed once; from it |A'u - y|^2 = |y|^2 - 2 u'A y + u'G u and c = A y - G u -
C mu, so that a pivot reads C once, and A not at all. Both are rounded like |y|^2, too much for a
small residual: where nothing is wrong they are computed from A, and u and mu corrected by what the
equations miss. G is kept only for inputs that might join, those with the largest |c_j|, until these
are a quarter of all.

Source: block principal pivoting, Portugal, Judice and Vicente, Math. Comp. 63 (1994); working sets
as in celer (Massias, Gramfort, Salmon 2018). lambda as one more unknown, and the combination, are
derived.
"""

from dataclasses import dataclass, field

import numpy as np

from kit.nettrim.exact.equations import Equations
from kit.nettrim.exact.neuron import Neuron
from kit.results import Array

ROUNDS, PATIENCE, HOPELESS = 120, 4, 12  # of pivots; without progress: rows one by one; given up
FEW, SHARE = 8, 0.15  # rows that may join at once: inputs FEW or |S|; samples SHARE |S|
LEAST, MANY = 64, 4  # inputs in the working set, besides 2 |S|; all from N / MANY of them on,
LONG = 4  # or where P > LONG N: reading rows of A costs more than A A'
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
    A: Array | None = field(init=False)  # (n, P) its rows, 0 on C, until it is all inputs
    C: Array | None = field(init=False)  # (c, n) its silent samples, where they count
    G: Array | None = field(init=False)  # (n, n) = A A'
    Ay: Array = field(init=False)  # (N,)
    side: Array = field(init=False)  # (n,) sign of u_j for active inputs, else 0
    on: Array = field(init=False)  # (c,) of booleans, active samples
    seen: Array = field(init=False)  # (2, N) c_j of all inputs when they were last computed
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
    over: Array = field(init=False)  # (2, c) C'u - v
    square: Array = field(init=False)  # (2, 2) products of the two rows of A'u - y

    def __post_init__(self) -> None:
        neuron, N = self.neuron, len(self.prices)
        self.inputs, self.place = np.zeros(0, int), np.full(N, -1)
        self.A, self.G, self.C = np.zeros((0, neuron.X.shape[1])), np.zeros((0, 0)), None
        self.side, self.on = np.zeros(0), np.zeros(neuron.v.size, bool)
        self.Ay = neuron.correlate(neuron.y, None)
        self.seen = np.array([self.Ay, 0 * self.Ay])
        paid = self.prices > 0
        self.top = float((np.abs(self.Ay)[paid] / self.prices[paid]).max(initial=0))
        self.lam = self.top
        _enter(self)

    def at(self, line: Array) -> Array:
        """A line, at this lambda."""
        return line[0] + self.lam * line[1]


def reach(
    neuron: Neuron, prices: Array, *, radius: float = 0.0, lam: float | None = None
) -> Blocks | None:
    """The neuron solved at this lambda, or at this residual, EASY |y| where that is more; or None.

    None means that it is not solved: block pivoting has no proof of an end.
    """
    blocks, size = Blocks(neuron, prices), float(np.linalg.norm(neuron.y))
    if blocks.top == 0 or (lam is None and radius < SMALLEST * size):
        return None
    radius = min(radius, EASY * size)
    try:
        if not pursue(blocks, max(radius, FAR * size), lam, silent=False):
            return None
        return blocks if pursue(blocks, radius, lam, silent=True) else None
    except np.linalg.LinAlgError:
        return None


def pursue(blocks: Blocks, radius: float, lam: float | None, silent: bool) -> bool:
    """Pivot until lambda is `lam`, or the residual `radius`, and nothing is wrong; whether it is.

    silent  False: without the silent samples, and only nearly: within a third, a tenth of S wrong
    Raises numpy's LinAlgError where a factor does not exist.
    """
    blocks.best, blocks.near, priced = np.inf, 0.0, blocks.lam
    if blocks.G is None:
        blocks.G = blocks.neuron.gram()
    if silent and blocks.C is None:
        blocks.C = blocks.neuron.samples(blocks.inputs)
    for _ in range(ROUNDS):
        equations = _solve(blocks, silent)
        last, goal = blocks.lam, _goal(blocks, radius) if lam is None else lam
        blocks.lam = float(np.clip(goal, last if blocks.wanted > 1 else last / DOWN, UP * last))
        _exchange(blocks, silent)
        if blocks.since > HOPELESS:
            return False
        near = abs(blocks.lam - last) < 0.3 * last
        if not silent and near and blocks.wrong <= 0.1 * blocks.S.size:
            return True
        calm = blocks.wrong == 0 and abs(blocks.lam - last) <= 1e-3 * last
        partial = len(blocks.inputs) < len(blocks.prices)
        if calm or (partial and (blocks.wrong == 0 or blocks.lam < priced / 3)):
            priced = blocks.lam
            new = _look(blocks, equations if calm else None) | (blocks.wrong > 0)
            if calm and not new:
                goal = _goal(blocks, radius) if lam is None else lam
                goal = float(np.clip(goal, blocks.lam / DOWN, UP * blocks.lam))
                step, blocks.lam = abs(goal - blocks.lam), goal
                _exchange(blocks, silent)
                if blocks.wrong == 0 and step <= 1e-3 * goal:
                    return True
                new = True
            if new:
                _enter(blocks)
                blocks.best, blocks.since = np.inf, 0
    return False


def _goal(blocks: Blocks, radius: float) -> float:
    """The lambda at which the line has |A'u - y| = radius, 0 if it stays above, inf if below."""
    (a, b), c = blocks.square[0], blocks.square[1, 1]
    b, c, a = b + blocks.lam * c, a + 2 * blocks.lam * b + blocks.lam**2 * c - radius**2, c
    if a == 0 or b * b < a * c:
        return 0.0 if c > 0 else np.inf
    far = np.sqrt(b * b - a * c)
    return blocks.lam + (-c / (b + far) if b > 0 else (far - b) / a)


def _solve(blocks: Blocks, silent: bool) -> Equations:
    """The equations at the active rows: sets all lines."""
    neuron = blocks.neuron
    S = blocks.S = blocks.side.nonzero()[0]
    if S.size == 0:
        blocks.on[:] = False
    K = blocks.K = blocks.on.nonzero()[0]
    blocks.turns += 1
    equations = Equations(blocks.G[np.ix_(S, S)], blocks.C[K][:, S].T if K.size else None)
    f, g, right = np.zeros((S.size, 2)), np.zeros((K.size, 2)), blocks.Ay[blocks.inputs]
    f[:, 0], f[:, 1] = right[S], -blocks.prices[blocks.inputs[S]] * blocks.side[S]
    g[:, 0] = neuron.v[K]
    u, mu = equations.solve(f, g)
    du, dmu = equations.solve(*equations.missing(u, mu, f, g))  # refined once
    blocks.u, blocks.mu = (u + du).T, (mu + dmu).T
    Gu = blocks.u @ blocks.G[S]
    blocks.corr = -Gu - blocks.mu @ blocks.C[K] if K.size else -Gu
    blocks.corr[0] += right
    blocks.over = np.zeros((2, neuron.v.size))
    if silent:
        blocks.over = _outputs(blocks)
    blocks.over[0] -= neuron.v
    uy = blocks.u @ right[S]
    blocks.square = Gu[:, S] @ blocks.u.T - np.array([[2 * uy[0], uy[1]], [uy[1], 0]])
    blocks.square[0, 0] += neuron.y @ neuron.y
    return equations


def _outputs(blocks: Blocks) -> Array:
    """C'u (2, c), read in pieces: the second product finds each of them in the cache."""
    u, out = np.zeros((2, len(blocks.inputs))), np.zeros((2, len(blocks.C)))
    u[:, blocks.S] = blocks.u
    piece = 1 + 10**5 // len(blocks.inputs)
    for k in range(0, len(blocks.C), piece):
        part = blocks.C[k : k + piece]
        out[0, k : k + piece], out[1, k : k + piece] = part @ u[0], part @ u[1]
    return out


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


def _look(blocks: Blocks, equations: Equations | None) -> bool:
    """Compute all c_j from A; whether an input outside the working set is wrong.

    equations  those of u and mu: these are corrected, and |A'u - y|^2 is computed from A
    """
    neuron, S, K = blocks.neuron, blocks.S, blocks.K
    for refine in (equations is not None, False):
        rho = neuron.residual(blocks.inputs[S], blocks.u)
        nu = np.zeros((2, neuron.v.size))
        nu[:, K] = -blocks.mu
        blocks.seen = neuron.correlate(-rho, nu if K.size else None)
        if equations is None:
            break
        blocks.square = rho @ rho.T
        blocks.corr = blocks.seen[:, blocks.inputs]
        if not refine:
            break
        f = blocks.corr[:, S].T.copy()
        f[:, 1] -= blocks.prices[blocks.inputs[S]] * blocks.side[S]
        du, dmu = equations.solve(f, -blocks.over[:, K].T)
        blocks.u, blocks.mu = blocks.u + du.T, blocks.mu + dmu.T
    wrong = np.abs(blocks.at(blocks.seen)) > blocks.lam * blocks.prices * (1 + FULL)
    return bool((wrong & (blocks.place < 0) & (blocks.prices > 0)).any())


def _enter(blocks: Blocks) -> None:
    """Take in the inputs with the largest |c_j| / p_j; all, if that is N / MANY or more."""
    N, n, neuron = len(blocks.prices), len(blocks.inputs), blocks.neuron
    want, free = LEAST + 2 * np.count_nonzero(blocks.side), blocks.prices == 0
    new = np.arange(N)
    if want < N // MANY and neuron.X.shape[1] <= LONG * N:
        rank = np.abs(blocks.at(blocks.seen)) / np.where(free, 1, blocks.prices)
        new = np.argpartition(-np.where(free, np.inf, rank), want)[:want]  # a free input stays
    new = new[blocks.place[new] < 0]
    if new.size == 0:
        return
    side = np.where(free, 1.0, 0.0)
    side[blocks.inputs] = blocks.side
    blocks.inputs = np.concatenate([blocks.inputs, new])
    if len(blocks.inputs) == N:
        blocks.inputs = np.arange(N)
        blocks.G, blocks.A = neuron.gram(), None
    else:
        if blocks.A is None:
            blocks.A = neuron.masked(blocks.inputs[:n])
        rows, G = neuron.masked(new), np.empty((len(blocks.inputs),) * 2)
        G[:n, :n], G[n:, n:] = blocks.G, rows @ rows.T
        G[n:, :n] = rows @ blocks.A.T
        G[:n, n:] = G[n:, :n].T
        blocks.G, blocks.A = G, np.concatenate([blocks.A, rows])
    if blocks.C is not None:
        blocks.C = neuron.samples(blocks.inputs)
    blocks.place[blocks.inputs] = np.arange(len(blocks.inputs))
    blocks.side = side[blocks.inputs]


def _worst(rows: Array, how: Array, room: int) -> Array:
    return rows if rows.size <= room else rows[np.argpartition(-how[rows], room)[:room]]
