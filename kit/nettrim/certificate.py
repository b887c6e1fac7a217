"""What is proved about an answer (W, Q) of Net-Trim, whoever found it.

    min |W|_1  s.t.  |(W'X - Y)_Omega|_F <= epsilon,  (W'X)_C <= V_C        T = Y on Omega, V on C

Lower bound (derived; weak duality). Take ANY Q (M, P) and set Q <- min(Q, 0) on C. For every
feasible W

    <Q, W'X>  = <X Q', W>  <=  sum_m |X q_m|_inf |w_m|_1                           (Hoelder)
    <Q, W'X>  >= <Q, T> - epsilon |Q_Omega|_F                                      (the constraints)

so  |W|_1 >= (<Q, T> - epsilon |Q_Omega|_F)_+ / max_m |X q_m|_inf.  Rows of Q may be rescaled one by
one before: with a_m = <q_m, t_m>, b_m = |q_m,Omega|_2, c_m = |X q_m|_inf,

    |W|_1 >= max over 0 <= s_m <= 1/c_m of  sum_m s_m a_m - epsilon |(s_m b_m)|_2,

a concave problem in M numbers with a closed solution (`_joint`); s_m = 1/max(c) gives back the
first bound. With a ball for each neuron the program splits, and the bound is the sum of
(a_m - epsilon_m b_m)_+ / c_m.

A free row of W (penalise_bias=False) is not in |W|_1, and Hoelder needs X q = 0 in its row of X:
q_Omega is moved along that row until it is (`balanced`), which a good q hardly needs.

Infeasible data (Farkas, derived). If X q = 0, q_C <= 0 and <q, t> > epsilon |q_Omega|_2, the two
lines above contradict each other: no W is feasible, and lower = upper = inf. "X q = 0" is decided
to rounding, 4 sqrt(P) 2e-16 of |X| |q|, and "> 0" to 1e-6 of the terms, so that at the very least
no W with |W|_1 below some 1e8 |T| / |X| is feasible.

Violation. r = |(W'X - Y)_Omega|_F gives (r - epsilon) / epsilon (for epsilon below
1e-3 |Y_Omega|_F, which includes epsilon = 0: divided by that instead); on C it is
max (W'X - V)_+ / max|Y|. The larger of the two, at least 0.

What a violation > 0 means for the proof (decision). An infeasible W looks better than the optimum,
so upper = inf beyond `feasibility`. Up to `feasibility` the program is relaxed just so far that W
is feasible, epsilon' = max(epsilon, r), V' = max(V, W'X), and the lower bound is computed for THAT
program: lower' <= optimum' <= |W|_1 = upper, and optimum' <= optimum. So lower is a true bound for
the program as given, the gap is never negative, and a small gap proves that W is optimal for a
program that differs from the given one by at most `feasibility`; upper bounds the optimum of that
one. With violation 0 the two are the same.
"""

import numpy as np

from kit.arguments import number, real_array
from kit.nettrim.problem import NetTrim, read_layer
from kit.results import Array, Certificate


def certify(
    problem: NetTrim, W: Array, dual: Array | None, feasibility: float = 1e-6
) -> Certificate:
    """Bounds lower <= optimal |W|_1 <= upper from ANY W (N, M) and ANY dual Q (M, P).

    upper      |W|_1 if violation <= feasibility, else inf
    lower      (<Q, T> - epsilon |Q_Omega|_F)_+ / max|X Q'|, after rescaling the rows of Q at best;
               -inf for dual None
    violation  max(r / epsilon - 1, max (W'X - V)_+ / max|Y|, 0), r = |(W'X - Y)_Omega|_F

    Raises ValueError for shapes that do not fit and numbers that are not finite. Derived (above).
    """
    read_layer(problem)
    N, M, P = problem.shape
    W, feasibility = real_array("W", W, 2), number("feasibility", feasibility, least=0)
    if W.shape != (N, M):
        raise ValueError(f"W must have shape {(N, M)} for this layer, got {W.shape}")
    Z = W.T @ problem.X
    epsilon, V, r = problem.epsilon, problem.V, residual(problem, Z)
    violation = _violation(problem, Z, r)
    feasible = violation <= feasibility
    if feasible:
        epsilon, V = np.maximum(epsilon, r), np.maximum(V, Z)
    upper = float(np.abs(W[: problem.paid]).sum()) if feasible else np.inf
    if dual is None:
        return Certificate(upper, -np.inf, violation)
    Q = real_array("dual", dual, 2)
    if Q.shape != (M, P):
        raise ValueError(f"dual must have shape {(M, P)} for this layer, got {Q.shape}")
    return Certificate(upper, _lower(problem, Q, epsilon, V), violation)


def residual(problem: NetTrim, Z: Array) -> float | Array:
    """r = |(Z - Y)_Omega|_F for Z = W'X (M, P): a number, or (M,) with a ball for each neuron."""
    rows = np.linalg.norm(np.where(problem.Omega, Z - problem.Y, 0), axis=1)
    return float(np.linalg.norm(rows)) if problem.joint else rows


def unit(problem: NetTrim) -> float:
    """max|Y|, in which outputs are measured (max|V| or 1 where Y is all 0)."""
    return float(np.abs(problem.Y).max() or np.abs(problem.V).max() or 1.0)


def _violation(problem: NetTrim, Z: Array, r: float | Array) -> float:
    size = np.maximum(problem.epsilon, 1e-3 * residual(problem, np.zeros_like(Z)))
    ball = (r - problem.epsilon) / np.where(size > 0, size, unit(problem))
    above = np.where(problem.Omega, 0, Z - problem.V).max() / unit(problem)
    return float(max(np.max(ball), above, 0.0))


def _lower(problem: NetTrim, Q: Array, epsilon: float | Array, V: Array) -> float:
    """The lower bound of the module docstring, for radius epsilon and limits V."""
    Omega, X = problem.Omega, problem.X
    Q = balanced(problem, np.where(Omega, Q, np.minimum(Q, 0)))
    terms = Q * np.where(Omega, problem.Y, V)
    a, b = terms.sum(axis=1), np.linalg.norm(np.where(Omega, Q, 0), axis=1)
    c = np.abs(X @ Q.T)[: problem.paid].max(axis=0, initial=0)
    size = np.linalg.norm(X, axis=1).max() * np.linalg.norm(Q, axis=1)
    ray = c <= 4 * np.sqrt(Q.shape[1]) * np.finfo(float).eps * size
    useful = a > np.where(ray, 1e-6 * np.abs(terms).sum(axis=1), 0)
    with np.errstate(divide="ignore"):
        cap = np.where(ray, np.inf, 1 / c)
    if problem.joint:
        return _joint(a[useful], b[useful], cap[useful], epsilon)
    value, cap = (a - epsilon * b)[useful], cap[useful]
    value = np.where(np.isinf(cap) & (value <= 1e-6 * a[useful]), 0, np.maximum(value, 0))
    return float((value[value > 0] * cap[value > 0]).sum())


def balanced(problem: NetTrim, Q: Array) -> Array:
    """Q (M, P) with X Q' = 0 in the free row of X, if there is one: moved least, on Omega only."""
    if problem.penalise_bias:
        return Q
    ones = np.where(problem.Omega, problem.X[-1], 0)
    size, off = (ones * ones).sum(axis=1), Q @ problem.X[-1]
    Q = Q - ones * (off / np.where(size > 0, size, 1))[:, None]
    return np.where((size > 0)[:, None], Q, 0)  # no sample to move: such a row proves nothing


def _joint(a: Array, b: Array, cap: Array, epsilon: float) -> float:
    """max over 0 <= s <= cap of a's - epsilon |b o s|_2, for a > 0, b >= 0 (M,), epsilon >= 0.

    At the best s, with length L = |b o s|, s_m = min(cap_m, a_m L / (epsilon b_m^2)): the entries
    with the smallest knee epsilon b_m^2 cap_m / a_m are at their cap. If those are the first k,

        L^2 = sum_{m <= k} (b_m cap_m)^2 + (L / epsilon)^2 sum_{m > k} (a_m / b_m)^2,

    which is solved for L at every k; the right k is the first whose L is below the next knee.
    """
    plain = epsilon * b == 0  # no price: such a row goes to its cap
    value = float((a[plain] * cap[plain]).sum())
    a, b, cap = a[~plain], b[~plain], cap[~plain]
    share = (a / b / epsilon) ** 2
    endless = np.isinf(cap)
    if value == np.inf or share[endless].sum() > (1 + 1e-6) ** 2:
        return np.inf
    if share.sum() <= 1:
        return value
    knee = epsilon * b * b * cap / a
    order = np.argsort(knee)
    a, b, cap, share, knee = (v[order] for v in (a, b, cap, share, knee))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        rest = np.append(np.cumsum(share[:0:-1])[::-1], 0)  # no difference: shares may be 1e30
        length = np.sqrt(np.cumsum((b * cap) ** 2) / np.maximum(1 - rest, 0))
        fits = (rest < 1) & (length <= np.append(knee[1:], np.inf))
        L = length[np.argmax(fits)] if fits.any() else 0.0
        s = np.minimum(cap, a * L / (epsilon * b * b)) if np.isfinite(L) else np.zeros_like(a)
    return value + max(float(a @ s - epsilon * np.linalg.norm(b * s)), 0.0)
