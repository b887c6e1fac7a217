"""One neuron by block pivoting: many rows change sides at once, and lambda too.

(1) to (3) are those of the package. (The array `C` holds C', a row for each silent sample.) (3) is
solved for all lambda at once: u, mu, c and C'u are lines in lambda. lambda is given, or where
|A'u - y| of that line is the radius, or on the way. Every row that is wrong there then changes
sides: inputs of S with u_j s_j < 0 and samples of K with mu_i < 0 leave, inputs with |c_j| >
lambda p_j and samples with C_i'u > v_i join, the worst first and only so many at a time. Where
nothing is wrong, and lambda stands still, (2) holds: this is the solution. It begins without the
silent samples (the Lasso), until the residual is a share of |y| (path.py).

It has no proof of an end, unlike single exchanges, and cycles where few samples are active, or with
V = 0 and a radius of a third of |y| or more: then interior.py finds S and K.

G = A A' is computed once; from it |A'u - y|^2 = |y|^2 - 2 u'A y + u'G u and c = A y - G u - C mu,
so that a pivot reads C once, and A not at all. Both are rounded like |y|^2, too much for a small
residual: where nothing is wrong they are computed from A, and u and mu corrected. G is kept only
for a working set of inputs, those with the largest |c_j| / p_j, until these are a quarter of all.

Source: block principal pivoting, Portugal, Judice and Vicente, Math. Comp. 63 (1994); working sets
as in celer (Massias, Gramfort, Salmon 2018). lambda as one more unknown, and the combination, are
derived.
"""

import numpy as np

from kit.nettrim.exact.equations import Equations, lambda_at
from kit.nettrim.exact.neuron import Neuron, times_samples
from kit.results import Array

ROUNDS, SINGLE, STALLED = 120, 4, 12  # pivots; without fewer wrong rows: then single ones; the end
ROUGH_ROUNDS = 30  # without silent samples: some 16 are enough, or lambda goes to and fro for ever
FEW, PART = 8, 32  # inputs that may join at once: the largest of FEW, N / PART, |S|;
SHARE = 0.15  # with silent samples: SHARE |S| inputs, and as many samples
LEAST, MANY = 64, 4  # inputs in the working set, besides 2 |S|; all from N / MANY of them on,
LONG = 4  # or where P > LONG N: reading rows of A costs more than A A'
DOWN, UP = 5, 2  # lambda falls and rises by no more than these factors in one pivot
STILL = 1e-3  # last step of lambda, relative, below which it has been found
ROUGH_STEP, ROUGH_WRONG = 0.3, 0.1  # the same without silent samples, and wrong rows, of |S|
STALE = 3  # factor by which lambda falls before the c_j of all inputs are computed anew
ANEW = 0.05  # change of lambda, relative, at which wrong rows are counted anew
OVER_PRICE, OVER_LIMIT = 1e-10, 1e-10  # wrong: |c_j| / (lambda p_j) - 1, C_i'u - v_i above these,
BELOW = 1e-12  # or u_j s_j, mu_i below 0 by that share of the largest |u| or 1, mu or lambda


class Blocks:
    """Which rows are active, and lines in lambda: row 0 is the value at 0, row 1 the slope."""

    S: Array  # (s,) the active inputs, as positions in `inputs`
    K: Array  # (k,) active samples
    u: Array  # (2, s)
    mu: Array  # (2, k)
    corr: Array  # (2, n) c_j
    over: Array  # (2, c) C'u - v
    square: Array  # (2, 2) inner products of the two rows of A'u - y

    def __init__(self, neuron: Neuron) -> None:
        N, P = neuron.layer.X.shape
        self.neuron, self.prices = neuron, neuron.prices  # (N,), 0 for a free input
        self.inputs = np.zeros(0, int)  # (n,) the working set
        self.place = np.full(N, -1)  # (N,) an input's position in it, or -1
        # A (n, P): their rows, 0 on C, until all inputs are in
        self.A: Array | None = np.zeros((0, P))
        self.C: Array | None = None  # (c, n) C' for these inputs, from when it is needed
        self.G: Array | None = np.zeros((0, 0))  # (n, n) = A A'
        self.Ay = neuron.correlate(neuron.y, 0.0)  # (N,)
        self.side = np.zeros(0)  # (n,) sign of u_j for active inputs, else 0
        self.on = np.zeros(neuron.v.size, bool)  # (c,) active samples
        self.seen = np.array([self.Ay, 0 * self.Ay])  # (2, N) line of all c_j, when last from A
        paid = self.prices > 0
        self.top = float((np.abs(self.Ay)[paid] / self.prices[paid]).max(initial=0))
        self.lam = self.top  # u = 0 from `top` on if v >= 0 and no input is free; else only a scale
        free = neuron.v.min(initial=0) >= 0  # u = 0 is feasible
        self.most = neuron.y @ neuron.y if free else np.inf  # of |A'u - y|^2
        self.steps = self.interior = 0  # pivots and steps of interior points; such points
        self.wrong = 0  # rows, at the last pivot
        self.wanted = 0.0  # inputs that are to join, divided by those that may at once
        self.fewest = np.inf  # wrong rows so far near this lambda; inf: counted anew
        self.fewest_at = 0.0  # the lambda of that
        self.stalled = 0  # pivots since then
        take_inputs(self)

    def at(self, line: Array) -> Array:
        """The value of a line at this lambda."""
        return line[0] + self.lam * line[1]

    def release(self, most: float) -> None:
        """Drop what can be computed again: A, C, and G where it takes more than `most` bytes."""
        self.A = self.C = None
        if len(self.G) == len(self.prices) and self.G.nbytes > most:
            self.G = None


def complete(blocks: Blocks, silent: bool = True) -> None:
    """G, and C if it is needed, where they are not known or were dropped."""
    if blocks.G is None:
        blocks.G = blocks.neuron.gram()
    if silent and blocks.C is None:
        blocks.C = blocks.neuron.samples(blocks.inputs)


def pivot(blocks: Blocks, radius: float, lam: float | None, silent: bool) -> bool:
    """Pivot until lambda is `lam`, or the residual `radius`, and nothing is wrong; whether it is.

    If in a round no row is wrong and lambda stands still, u and mu are corrected, c_j is computed
    from A, and if nothing is wrong now it is done. If something is, or lambda has fallen by STALE,
    the working set takes in the inputs with the largest |c_j| / p_j.

    silent  False: without the silent samples, to ROUGH_STEP and ROUGH_WRONG, in ROUGH_ROUNDS
    Raises numpy's LinAlgError where a factor does not exist.
    """
    blocks.fewest, computed_at = np.inf, blocks.lam
    complete(blocks, silent)
    for _ in range(ROUNDS if silent else ROUGH_ROUNDS):
        equations, last = _solve(blocks, silent), blocks.lam
        blocks.lam = _towards(blocks, radius, lam)
        _exchange(blocks, silent)
        if blocks.stalled > STALLED:
            return False
        step = abs(blocks.lam - last)
        if not silent and step < ROUGH_STEP * last and blocks.wrong <= ROUGH_WRONG * blocks.S.size:
            return True
        right = blocks.wrong == 0 and step <= STILL * last
        partial = len(blocks.inputs) < len(blocks.prices)
        if right:
            _refine_once(blocks, equations)
        elif partial and (blocks.wrong == 0 or blocks.lam < computed_at / STALE):
            blocks.seen = _from_A(blocks)[1]
        else:
            continue
        computed_at = blocks.lam
        outside = (blocks.place < 0) & (blocks.prices > 0)
        above = np.abs(blocks.at(blocks.seen)) > blocks.lam * blocks.prices * (1 + OVER_PRICE)
        if right and not (outside & above).any():
            last, blocks.lam = blocks.lam, _towards(blocks, radius, lam)
            _exchange(blocks, silent)
            if blocks.wrong == 0 and abs(blocks.lam - last) <= STILL * blocks.lam:
                return True
        take_inputs(blocks)
        blocks.fewest = np.inf
    return False


def _towards(blocks: Blocks, radius: float, lam: float | None) -> float:
    """The next lambda: `lam`, or where |A'u - y| = radius, at most by the factors DOWN and UP.

    It does not fall while more inputs are to join than may.
    """
    goal = lambda_at(blocks.square, blocks.lam, radius) if lam is None else lam
    least = blocks.lam if blocks.wanted > 1 else blocks.lam / DOWN
    return float(np.clip(goal, least, UP * blocks.lam))


def _solve(blocks: Blocks, silent: bool) -> Equations:
    """The equations at the active rows: sets all lines."""
    neuron = blocks.neuron
    S = blocks.S = blocks.side.nonzero()[0]
    if S.size == 0:
        blocks.on[:] = False  # |K| <= |S|, or the equations are dependent
    K = blocks.K = blocks.on.nonzero()[0]
    blocks.steps += 1
    G, C = blocks.G[S], blocks.C[K] if K.size else None
    equations = Equations(G[:, S], None if C is None else C[:, S].T)
    f, g, Ay = np.zeros((S.size, 2)), np.zeros((K.size, 2)), blocks.Ay[blocks.inputs]
    f[:, 0], f[:, 1] = Ay[S], -blocks.prices[blocks.inputs[S]] * blocks.side[S]
    g[:, 0] = neuron.v[K]
    u, mu = equations.solve(f, g)
    du, dmu = equations.solve(*equations.missing(u, mu, f, g))  # refined once
    blocks.u, blocks.mu = (u + du).T, (mu + dmu).T
    Gu = blocks.u @ G
    blocks.corr = -Gu if C is None else -Gu - blocks.mu @ C
    blocks.corr[0] += Ay
    blocks.over = np.zeros((2, neuron.v.size))
    if silent:
        u = np.zeros((2, len(blocks.inputs)))
        u[:, S] = blocks.u
        blocks.over = times_samples(blocks.C, u)
    blocks.over[0] -= neuron.v
    uAy = blocks.u @ Ay[S]
    blocks.square = Gu[:, S] @ blocks.u.T - np.array([[2 * uAy[0], uAy[1]], [uAy[1], 0]])
    blocks.square[0, 0] += neuron.y @ neuron.y
    return equations


def _exchange(blocks: Blocks, silent: bool) -> None:
    """Let wrong rows at this lambda change sides; sets `wrong`, `wanted`, `fewest`, `stalled`."""
    S, K, lam = blocks.S, blocks.K, blocks.lam
    u, mu, corr = blocks.at(blocks.u), blocks.at(blocks.mu), blocks.at(blocks.corr)
    price = lam * blocks.prices[blocks.inputs]
    leave = (u * blocks.side[S] < -BELOW * np.abs(u).max(initial=1)) & (price[S] > 0)
    loose = mu < -BELOW * np.abs(mu).max(initial=lam)
    excess = np.abs(corr) - price * (1 + OVER_PRICE)
    excess[S] = -1
    join, hit = (excess > 0).nonzero()[0], np.zeros(0, int)
    if silent:
        over = blocks.at(blocks.over)
        over[K] = -1
        hit = (over > OVER_LIMIT).nonzero()[0]
    wrong = blocks.wrong = np.count_nonzero(leave) + np.count_nonzero(loose) + join.size + hit.size
    if wrong < max(blocks.fewest, 1) or abs(lam - blocks.fewest_at) > ANEW * lam:
        blocks.fewest, blocks.fewest_at, blocks.stalled = wrong, lam, 0
    else:
        blocks.stalled += 1
    if blocks.stalled > SINGLE:  # Murty: the last wrong row only
        if hit.size or loose.any():
            last = max([*hit, *K[loose]])
            leave, join, hit, loose = leave & False, join[:0], hit[hit == last], loose & (last == K)
        else:
            last = max([*join, *S[leave]])
            join, leave = join[join == last], leave & (last == S)
    few = max(FEW, len(blocks.prices) // PART, S.size)
    most = max(1, int(SHARE * S.size)) if silent else few
    blocks.wanted = join.size / most
    join = _largest(join, excess, most)
    blocks.side[S[leave]], blocks.side[join] = 0, np.sign(corr[join])
    blocks.on[K[loose]] = False
    if hit.size:
        most = min(most, np.count_nonzero(blocks.side) - np.count_nonzero(blocks.on))
        blocks.on[_largest(hit, over, max(most, 1))] = True  # one may join a full K: RIDGE


def _from_A(blocks: Blocks, inputs: Array | None = None) -> tuple[Array, Array]:
    """A'u - y (2, a), and c = A (y - A'u) - C mu (2, N) of all inputs or some."""
    neuron = blocks.neuron
    rho = neuron.residual(blocks.inputs[blocks.S], blocks.u)
    nu = np.zeros((2, neuron.v.size))
    nu[:, blocks.K] = -blocks.mu
    return rho, neuron.correlate(-rho, nu, inputs)


def _refine_once(blocks: Blocks, equations: Equations) -> None:
    """Correct u and mu by what their equations miss, and then c_j, |A'u - y|^2: all from A."""
    S, K = blocks.S, blocks.K
    f = _from_A(blocks, blocks.inputs[S])[1].T
    f[:, 1] -= blocks.prices[blocks.inputs[S]] * blocks.side[S]
    du, dmu = equations.solve(f, -blocks.over[:, K].T)
    blocks.u, blocks.mu = blocks.u + du.T, blocks.mu + dmu.T
    rho, blocks.seen = _from_A(blocks)
    blocks.square, blocks.corr = rho @ rho.T, blocks.seen[:, blocks.inputs]


def take_inputs(blocks: Blocks, every: bool = False) -> None:
    """Take in the inputs with the largest |c_j| / p_j; all, if that is N / MANY or more."""
    N, n, neuron = len(blocks.prices), len(blocks.inputs), blocks.neuron
    want, free = LEAST + 2 * np.count_nonzero(blocks.side), blocks.prices == 0
    new = np.arange(N)
    if want < N // MANY and neuron.layer.X.shape[1] <= LONG * N and not every:
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
        rows = neuron.masked(new)
        cross = rows @ blocks.A.T
        blocks.G = np.block([[blocks.G, cross.T], [cross, rows @ rows.T]])
        blocks.A = np.concatenate([blocks.A, rows])
    if blocks.C is not None:
        blocks.C = neuron.samples(blocks.inputs)
    blocks.place[blocks.inputs] = np.arange(len(blocks.inputs))
    blocks.side = side[blocks.inputs]


def _largest(rows: Array, values: Array, most: int) -> Array:
    return rows if rows.size <= most else rows[np.argpartition(-values[rows], most)[:most]]
