"""What is proved about an answer (W, Q) of Net-Trim, whoever found it.

    min |W|_1  s.t.  |(W'X - Y)_Omega|_F <= epsilon,  (W'X)_C <= V_C        T = Y on Omega, V on C

Lower bound (derived; weak duality). Take ANY Q (M, P) and set Q <- min(Q, 0) on C. For every
feasible W

    <Q, W'X>  = <X Q', W>  <=  sum_m |X q_m|_inf |w_m|_1                           (Hoelder)
    <Q, W'X>  >= <Q, T> - epsilon |Q_Omega|_F                                      (the constraints)

With a_m = <q_m, t_m>, b_m = |q_m,Omega|_2, c_m = |X q_m|_inf, and since q_m may be multiplied by
any s_m with 0 <= s_m <= 1/c_m,

    one ball      |W|_1 >= s'a - epsilon |s o b|_2         the best s: kit/nettrim/rescale.py
    a ball each   |W|_1 >= sum_m (a_m - epsilon_m b_m)_+ / c_m

In rescaled units |W|_1 is sum p_n |W_n|: |x|_inf is then max |x_n| / p_n over the paid rows.

Free row (penalise_bias=False; derived). The last weight w of a neuron is not in |W|_1. A good q has
X q = 0 in its row; rounding leaves f there, and w may be large. But the constraints bound it, in
terms of the paid weights, for an Omega sample p with x = X_Np not 0 by
    |w| <= (epsilon + |y_p| + |X_p|_inf |w_m|_1) / |x| =: F0 + F1 |w_m|_1,
and a sample of C bounds it so from above (x > 0) or below (x < 0), with |v_p| for epsilon + |y_p|.
So what is left over is paid for:  a_m <- a_m - |f| F0,  c_m <- c_m + |f| F1.  Where no sample
bounds w on one side, q <- 0 where X_N is not 0, and then f = 0 exactly.

Rounding. X, Y, epsilon, V, W, Q are taken as exact. Q may be scaled, clipped and moved in rounded
arithmetic, since any Q will do. What is computed from them is rounded, and bounded by rounding.py:
W'X and X q as sums of products, a and |W|_1 as totals, b and r as lengths. Each bound is then on
its side: W'X, b, c, F, r, |W|_1 are too large, a and s too small, by some 1e-13 of the terms they
were computed from. What is noise beside them proves 0 by itself. A test checks lower and upper in
rational arithmetic.

Cheap inputs (derived). A p_n decades below the others makes error / p_n all of c. For these inputs
F, X q is computed exactly, c is the largest |X q|_n / p_n of the others, and dq, least squares,
takes off what is too much, X_F dq = -sign(X_F q) (|X_F q| - c p_F)_+. The proof uses q + dq, never
added up: a falls by |dq|'|t|, b rises by |dq|, |X (q + dq)| <= |X q| + |X dq|, on F |X q + X dq|.

Violation: the formula at `certify`, in which max|Y| is max|V|, or 1, where Y = 0; 0 means feasible,
exactly.

What a violation > 0 means for the proof (decision). An infeasible W looks better than the optimum,
so upper = inf beyond `feasibility`. Up to `feasibility` the program is relaxed just so far that W
is feasible, epsilon' = max(epsilon, r), V' = max(V, W'X), and the lower bound is computed for THAT
program: lower' <= optimum' <= |W|_1 <= upper, and optimum' <= optimum. So lower is a true bound for
the program as given, lower <= upper always, and a small gap proves that W is optimal for a program
that differs from the given one by at most `feasibility`; upper bounds the optimum of that one. With
violation 0 the two are the same.

Infeasible data (Farkas, derived). If X q = 0, q_C <= 0 and <q, t> > epsilon |q_Omega|_2, the two
lines at the top contradict each other: no W is feasible, and lower = upper = inf. "X q = 0" is
decided row by row, to RAY of the sum of that row's own |terms|, and "> 0" to CLEAR of its terms,
far more than b is rounded up. That is a proof for an X that differs from the given one by RAY of
each entry (Oettli and Prager); for X itself, that |W|_1 is at least some 1e8 |T| / |X|, a number
that is returned instead if W is feasible.
"""

import numpy as np

from kit.arguments import instance, number, real_array
from kit.nettrim.problem import NetTrim, in_good_units, unbounded, unit, variant
from kit.nettrim.rescale import rescale
from kit.nettrim.rounding import above, inputs_times, length, outputs, power, total
from kit.results import Array, Certificate
from kit.rounding import TINY, U, exact

RAY = 32 * U  # of each row's terms: X q below it counts as 0
CLEAR = 1e-6  # of its terms: what a ray proves must be above 0 by it, far more than rounding
CHEAP = 1e-9  # of c: errors / p_n above it are computed more sharply, if a loses no larger share


def certify(
    problem: NetTrim, W: Array, dual: Array | None, feasibility: float = 1e-6
) -> Certificate:
    """Bounds lower <= optimal |W|_1 <= upper from ANY W (N, M), feasible, and ANY dual Q (M, P).

    upper      |W|_1 if violation <= feasibility, else inf
    lower      (<Q, T> - epsilon |Q_Omega|_F)_+ / max|X Q'|, after rescaling the rows of Q at best;
               -inf for dual None
    violation  max((r - epsilon)_+ / max(epsilon, 1e-3 |Y_Omega|_F), max (W'X - V)_+ / max|Y|),
               r = |(W'X - Y)_Omega|_F; with a ball each, the largest of the neurons

    For 0 < violation <= feasibility, upper bounds the optimum of the program relaxed by that much
    only; lower bounds both. All three are rounded outward: they hold in exact arithmetic. Raises
    ValueError for shapes that do not fit and numbers that are not finite. Derived (above).
    """
    N, M, P = instance("problem", problem, NetTrim).shape
    W, feasibility = real_array("W", W, 2), number("feasibility", feasibility, least=0)
    if W.shape != (N, M):
        raise ValueError(f"W must have shape {(N, M)} for this layer, got {W.shape}")
    if dual is not None:
        dual = real_array("dual", dual, 2)
        if dual.shape != (M, P):
            raise ValueError(f"dual must have shape {(M, P)} for this layer, got {dual.shape}")
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        off, epsilon, V = relaxed(problem, W)
        violation = float(off.max())
        feasible = violation <= feasibility
        upper = float(above((W.T * problem.price).ravel())) if feasible else np.inf
        if dual is None:
            return Certificate(upper, -np.inf, violation)
        if not feasible:
            epsilon, V = problem.epsilon, problem.V
        layer, factor = in_good_units(variant(problem, epsilon=epsilon, V=V))
        terms = Terms(layer, dual, layer.epsilon, layer.V)
        if not feasible and terms.infeasible().any():
            return Certificate(np.inf, np.inf, violation)
        lower = factor * terms.lower(terms.multiples())
        return Certificate(upper, lower if lower > TINY else 0.0, violation)


def settled(problem: NetTrim, W: Array, Q: Array, tol: float, feasibility: float) -> Array:
    """Which neurons (M,) have a proved answer: a gap <= tol, or a ray. One ball: all or none."""
    with np.errstate(all="ignore"):
        off, epsilon, V = relaxed(problem, W)
        feasible = off <= feasibility
        terms = Terms(problem, Q, epsilon, V)
        s, upper = terms.multiples(), above(W.T * problem.price)
        if problem.joint:
            upper, lower = above(upper), terms.lower(s)
        else:
            lower = np.maximum(s * terms.gain, 0)
        proved = feasible & ((upper - lower <= tol * upper) | (upper == 0))
        if not feasible.all():
            proved |= ~feasible & Terms(problem, Q, problem.epsilon, problem.V).infeasible()
        return np.full(len(Q), proved.any()) if problem.joint else proved


def cleared(problem: NetTrim, W: Array, share: float, feasibility: float) -> Array:
    """W with 0 for entries below share max|W| of their neuron, where it stays feasible enough.

    A neuron below share max|W| of the layer is 0; a next layer would scale its rounding up to 1.
    """
    size = np.abs(W).max(axis=0, initial=0)
    most = np.where(size > share * size.max(initial=0), size, np.inf)
    clean = np.where(np.abs(W) > share * most, W, 0)
    with np.errstate(all="ignore"):
        old, new = relaxed(problem, W)[0], relaxed(problem, clean)[0]
    return np.where(new <= np.maximum(old, feasibility), clean, W)


def relaxed(problem: NetTrim, W: Array) -> tuple[Array, float | Array, Array]:
    """W's violation (M,), and the epsilon' and V' for which it is feasible; all rounded up.

    With one ball every neuron has the violation of the layer.
    """
    Omega, epsilon, V = problem.Omega, problem.epsilon, problem.V
    Z, error = outputs(problem, W)
    if not np.isfinite(Z).all() or not np.isfinite(error).all():
        return np.full(len(Z), np.inf), epsilon, V
    rows = length(np.where(Omega, Z - problem.Y, 0)) + length(np.where(Omega, error, 0))
    rows *= 1 + 4 * U
    size, one = length(np.where(Omega, problem.Y, 0)), unit(problem)  # the residual of W = 0
    r, size = (float(length(rows)), float(length(size))) if problem.joint else (rows, size)
    size = np.maximum(epsilon, 1e-3 * size)
    ball = np.maximum(r - epsilon, 0) / np.where(size > 0, size, one)
    high = Z + error
    over = np.maximum(np.where(Omega, 0, high - V), 0).max(axis=1) / one
    off = np.maximum(ball, over.max() if problem.joint else over) * (1 + 64 * U)
    return np.broadcast_to(off, len(Z)), np.maximum(epsilon, r), np.maximum(V, high)


class Terms:
    """a, b, c of a dual, bounded as the module docstring says.

    a (M,) from below; b (M,) and ratio (paid, M) from above, ratio = |X q|_n / p_n + |f| F1;
    c = max_n ratio. size is sum |q_mp t_mp|, ray whether X q = 0 to RAY.
    """

    def __init__(self, problem: NetTrim, Q: Array, epsilon: float | Array, V: Array) -> None:
        T = np.where(problem.Omega, problem.Y, V)
        Q = np.where(problem.Omega, Q, np.minimum(Q, 0))
        Q = balanced(problem, Q / power(np.abs(Q).max(axis=1, keepdims=True)))
        a, error = total(Q * T)
        self.joint, self.epsilon = problem.joint, epsilon
        self.a, self.b = a - error, length(np.where(problem.Omega, Q, 0))
        XQ, error = inputs_times(problem, Q)
        self.size, paid = total(np.abs(Q * T))[0], problem.paid
        XQ = np.abs(XQ)
        self.ray = (error >= XQ).all(axis=0)
        for m in np.flatnonzero(self.ray):  # the bound of the error is larger than the terms
            terms = np.abs(problem.X) @ np.abs(Q[m])
            self.ray[m] = (XQ[:, m] <= RAY * terms).all()
        XQ += error
        F0, F1 = free_weight(problem, epsilon, T)
        self._sharpen(problem, Q, T, XQ, error, F1)
        self.ratio = XQ[:paid] / problem.price[:paid, None] * (1 + 2 * U)
        if not problem.penalise_bias:
            self.a = self.a - XQ[-1] * F0 * (1 + 4 * U) - 4 * U * np.abs(self.a)
            self.ratio = (self.ratio + XQ[-1] * F1) * (1 + 4 * U)
        self.c = self.ratio.max(axis=0, initial=0)

    def _sharpen(
        self, problem: NetTrim, Q: Array, T: Array, size: Array, error: Array, F1: Array
    ) -> None:
        """Cheap inputs, of the module docstring: changes size (|X q|, from above), a and b.

        A free row has the price 1 / F1, what |f| adds to c being |f| F1.
        """
        p, paid = problem.price[:, None], problem.paid
        pays = np.broadcast_to(p, size.shape).copy()
        pays[paid:] = 1 / np.maximum(F1, TINY)
        share, noise = size / pays, error / pays
        noisy = noise > CHEAP * np.maximum(share - 2 * noise, 0).max(axis=0)
        for m in np.flatnonzero(noisy.any(axis=0) & (Q != 0).any(axis=1)):
            F, q = np.flatnonzero(noisy[:, m]), Q[m]
            tall = power(np.abs(problem.X[F]).max(axis=1))
            XQ = exact(problem.X[F] / tall[:, None], q) * tall
            c = share[~noisy[:, m], m].max(initial=0)
            excess = np.sign(XQ) * np.maximum(np.abs(XQ) - c * p[F, 0], 0) if c > 0 else 0 * XQ
            on = problem.Omega[m] | (q < 0)
            A, rest = problem.X[F][:, on] / tall[:, None], excess / tall
            dq = np.zeros(len(q))
            dq[on] = -np.linalg.lstsq(A, rest, rcond=1e-13)[0]
            dq = np.where(problem.Omega[m], dq, np.minimum(dq, -q))
            move, rounded = (v[:, 0] for v in inputs_times(problem, dq[None]))
            new = size[:, m] + np.abs(move) + rounded
            new[F] = np.abs(XQ + move[F]) + 4 * U * np.abs(XQ) + rounded[F] + TINY
            new *= 1 + 8 * U
            loss = float(above(dq * T[m]))
            if (new / pays[:, m]).max() < share[:, m].max() and loss <= CHEAP * abs(self.a[m]):
                size[:, m] = new
                self.a[m] -= loss + 2 * U * abs(self.a[m])
                self.b[m] = (self.b[m] + length(dq)) * (1 + 2 * U)

    def multiples(self) -> Array:
        """s (M,), the multiples of the rows of Q: 0 <= s c <= 1."""
        cap = np.where(self.c > 0, (1 - 4 * U) / self.c, np.inf)
        if self.joint:
            return rescale(np.maximum(self.a, 0), self.b, cap, float(self.epsilon))
        return np.where((self.gain > 0) & np.isfinite(cap), cap, 0)

    @property
    def gain(self) -> Array:
        """a - epsilon b (M,), from below."""
        return self.a - self.epsilon * self.b * (1 + 4 * U) - 2 * U * np.abs(self.a)

    def lower(self, s: Array) -> float:
        """The lower bound with these multiples: 0 where nothing is proved."""
        value, error = total(s * (self.a if self.joint else self.gain))
        value -= error
        if self.joint:
            value -= self.epsilon * length(s * self.b) * (1 + 4 * U) + 2 * U * np.abs(value)
        value *= 1 - 8 * U
        return float(value) if np.isfinite(value) and value > TINY else 0.0

    def infeasible(self) -> Array:
        """Which rows (M,) with X q = 0 prove that no W is feasible; one ball: together, all."""
        good = self.ray & (self.a > CLEAR * self.size)
        if not self.joint:
            return good & (self.gain > CLEAR * self.a)  # CLEAR covers b, rounded up
        most = length(np.where(good, self.a / self.b, 0))  # s = a / b^2: a's - epsilon |s o b| > 0
        return np.full(len(good), most > self.epsilon * (1 + CLEAR))


def balanced(problem: NetTrim, Q: Array) -> Array:
    """Q (M, P) with X Q' = 0 to rounding in the free row of X, if there is one.

    It is moved least, on Omega only; where no sample bounds the free weight on a side, it is 0
    where the free row is not.
    """
    if problem.penalise_bias:
        return Q
    free = problem.X[-1] / power(np.abs(problem.X[-1]).max())
    row = np.where(problem.Omega, free, 0)
    size = (row * row).sum(axis=1)
    for _ in range(2):  # the first leaves the rounding of its terms
        Q = Q - row * ((Q @ free) / np.where(size > 0, size, 1))[:, None]
    Q[unbounded(problem)[:, None] & (free != 0)] = 0
    return Q


def free_weight(problem: NetTrim, epsilon: float | Array, T: Array) -> tuple[Array, Array]:
    """F0, F1 (M,), from above: every feasible W has |w_Nm| <= F0_m + F1_m |w_m|_1; or 0."""
    F0, F1 = np.zeros((2, len(T)))
    if problem.penalise_bias:
        return F0, F1
    X, free = problem.X[:-1], np.abs(problem.X[-1])
    X = X / problem.price[:-1, None]
    tall = np.abs(X).max(axis=0, initial=0) / free * (1 + 8 * U)
    radius = np.reshape(epsilon, (-1, 1))
    far = (np.abs(T) + np.where(problem.Omega, radius, 0)) / free * (1 + 8 * U)
    rank = far / unit(problem) + tall / max(np.abs(X).max(initial=0), TINY)
    for sign in (1, -1):
        holds = problem.Omega | (sign * problem.X[-1] > 0)
        best = np.where(holds & (free > 0), rank, np.inf).argmin(axis=1)
        rows = np.arange(len(T))
        known = holds[rows, best] & (free[best] > 0)
        F0 = np.maximum(F0, np.where(known, far[rows, best], 0))
        F1 = np.maximum(F1, np.where(known, tall[best], 0))
    return F0, F1
