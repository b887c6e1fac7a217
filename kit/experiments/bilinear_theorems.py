"""Ledger of paper 1: BranchHull, its certificates, law of success, noise, solvers; lifting."""

import numpy as np
from scipy.optimize import linprog
from scipy.spatial.distance import cosine

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull, Truth, hull
from kit.branchhull.methods.reference import reference
from kit.experiments.bilinear import EXACT, l2_residual, wendel
from kit.experiments.ledger import Pair, Rng, theorem
from kit.experiments.rates import local_rate, measured_rate, steps_of_admm
from kit.results import Array, Recovered


@theorem(
    "Tangent of a branch",
    "al p + be q >= 2 sqrt(al be d) on the hull p q >= d, p, q >= 0",
    "derived (lesson 11)",
    ">=",
    {
        "al, be >= 0": {"al": -0.5},
        "the point is in the hull": {"inside": 0.5},
        "the branch is the one with p, q >= 0": {"branch": -1},
    },
)
def tangent(rng: Rng, al: float = 0.5, inside: float = 1.0, branch: int = 1) -> Pair:
    """Smallest al p + be q - 2 sqrt(al be d) over points on the branch p q = inside d."""
    d, be = rng.exponential(1, 2) + 0.1
    p = branch * np.geomspace(1e-2, 1e2, 2001)
    q = inside * d / p
    return np.min(al * p + be * q) - 2 * np.sqrt(abs(al) * be * d), 0.0


@theorem(
    "Projection does not expand",
    "|P(a) - P(b)|_2 <= |a - b|_2 for the nearest points of a hull",
    "convexity; known of the projection onto any closed convex set",
    "<=",
    {"the set is convex: the hull and not the branch alone": {"onto": "branch"}},
)
def projection(rng: Rng, onto: str = "hull") -> Pair:
    """Largest |P(a) - P(b)| / |a - b| over mirrored points inside the hull and anywhere."""
    d = 1.0
    inside = rng.uniform(2, 4, 400) + 0.05 * rng.standard_normal((2, 400))
    a = np.hstack([inside, 2 * rng.standard_normal((2, 400))])
    b = a[::-1]  # mirrored at the diagonal
    if onto == "hull":
        nearest = [np.array(hull.project(*points, d)) for points in (a, b)]
    else:
        edge = np.geomspace(0.1, 10, 4001)[:, None]
        picks = [edge[np.hypot(edge - p, d / edge - q).argmin(axis=0), 0] for p, q in (a, b)]
        nearest = [np.array([pick, d / pick]) for pick in picks]
    after, before = (np.linalg.norm(x - y, axis=0) for x, y in (nearest, (a, b)))
    return np.max(after / before), 1.0


@theorem(
    "Balance of norms",
    "the optimum of l2 BranchHull has |h|_2 = |m|_2",
    "derived (lesson 11)",
    "=",
    {"the point is optimal": {"stretch": 1.2}, "h and m are weighed alike": {"weight": 4.0}},
    tol=1e-4,
)
def balance(rng: Rng, stretch: float = 1.0, weight: float = 1.0) -> Pair:
    """|h| / |m| of Clarabel's answer; weight w minimises w |h|^2 + |m|^2, by B -> B / sqrt(w)."""
    data, _ = branchhull.gaussian(rng, 40, 6, 6, noise=0.2)
    scaled = Bilinear(data.B / np.sqrt(weight), data.C, data.y, data.signs)
    h, m, *_ = reference(BranchHull(scaled), tol=1e-8, max_iter=200)
    h = h / np.sqrt(weight)
    return stretch**2 * np.linalg.norm(h) / np.linalg.norm(m), 1.0


@theorem(
    "Weak duality",
    "|h|^2 + |m|^2 >= 2 S^2 / (|Bt'al| |Ct'be|), S = sum sqrt(al be d), if (h, m) is feasible, "
    "the weights al, be are nonnegative, and the two norms are not 0",
    "derived (kit.branchhull.certificate, lesson 12)",
    ">=",
    {"(h, m) is feasible": {"shrink": 0.9}, "the weights are nonnegative": {"drop": 0.9}},
)
def weak_duality(rng: Rng, shrink: float = 1.0, drop: float = 0.0) -> Pair:
    """Value of the optimum times shrink^2, and the bound from a dual near the best one."""
    data, _ = branchhull.gaussian(rng, 60, 6, 6)
    answer, S, of_h, of_m = near_dual(rng, BranchHull(data), drop)
    bound = 2 * S**2 / (np.linalg.norm(of_h) * np.linalg.norm(of_m))
    return shrink**2 * (answer.h @ answer.h + answer.m @ answer.m), bound


def near_dual(rng: Rng, problem: BranchHull, drop: float) -> tuple[Recovered, float, Array, Array]:
    """The answer, S, Bt'al and Ct'be of weights near the best ones.

    drop: this share of Bt'al is taken out of al, which then has negative entries.
    """
    answer = branchhull.solve(problem)
    al, be = answer.dual * (1 + 0.01 * rng.random(answer.dual.shape))
    Bt, Ct, d = branchhull.canonical(problem.data)
    al = al - drop * Bt @ np.linalg.lstsq(Bt, al)[0]
    return answer, np.sum(np.sqrt(np.abs(al) * be * d)), Bt.T @ al, Ct.T @ be


@theorem(
    "Law of success",
    "P(l2 BranchHull recovers) = P(Bin(L - 1, 1/2) >= K + N - 2) for Gaussian B and C that are "
    "independent of h and m, right signs and no noise",
    "derived (lesson 14), with the count of J. G. Wendel, Math. Scand. 11, 1962",
    "=",
    {
        "B is Gaussian: the part of a row across h is symmetric, whatever its part along h": {
            "gaussian": False
        },
        "the signs are right": {"wrong_signs": 1},
        "there is no noise": {"noise": 0.1},
    },
    tol=4 * np.sqrt(0.25 / 400),
)
def law(rng: Rng, gaussian: bool = True, wrong_signs: int = 0, noise: float = 0.0) -> Pair:
    """Share of 400 truths that are optimal at L = 16, K = N = 5, where the law says one half."""
    L, K, hits = 16, 5, 0
    for _ in range(400):
        data, truth = branchhull.gaussian(rng, L, K, K, noise=noise, wrong_signs=wrong_signs)
        if not gaussian:  # all b in one orthant, and h in it too: w > 0
            B, h = np.abs(data.B), np.abs(truth.h)
            truth = Truth(h, truth.m)
            data = Bilinear(B, data.C, (B @ h) * (data.C @ truth.m), np.ones(L))
        hits += _optimal(data, truth)
    return hits / 400, wendel(L, K, K)


def _optimal(data: Bilinear, truth: Truth) -> bool:
    """Feasible, and in the cone of the gradients of the constraints that are active."""
    Bt, Ct, d = branchhull.canonical(data)
    p, q = Bt @ truth.h, Ct @ truth.m
    on = np.abs(p * q - d) <= 1e-9 * d
    if not (p.min() > 0 and q.min() > 0 and np.all(on | (p * q > d)) and on.any()):
        return False
    active = Bilinear(data.B[on], data.C[on], data.y[on], data.signs[on])
    return l2_residual(active, truth) < EXACT


@theorem(
    "Hoeffding's tail",
    "P(failure) <= exp(-(L - 2 (K + N) + 5)^2 / (2 (L - 1))) where the law of success holds",
    "derived (lesson 14): 'L >> 2 (K + N)' of arXiv 1702.04342, in numbers",
    "<=",
    {"L - 1 >= 2 (K + N - 3)": {"share": 0.5}},
)
def tail(rng: Rng, share: float = 1.5) -> Pair:
    """The exact chance of failure at L = 1 + share 2 (K + N - 3), and the bound."""
    K, N = rng.integers(4, 40, 2)
    L = int(1 + share * 2 * (K + N - 3))
    return 1 - wendel(L, K, N), np.exp(-((L - 2 * (K + N) + 5) ** 2) / (2 * (L - 1)))


def _noisy_value(rng: Rng, xi: Array) -> float:
    """Value of the program for y (1 + xi) over that of the balanced truth without noise."""
    data, truth = branchhull.gaussian(rng, xi.size, 4, 4)
    noisy = Bilinear(data.B, data.C, data.y * (1 + xi), data.signs)
    value = 2 * np.linalg.norm(truth.h) * np.linalg.norm(truth.m)
    return branchhull.solve(BranchHull(noisy), tol=1e-7).report.certificate.upper / value


@theorem(
    "Noise that shrinks",
    "optimum(y (1 + xi)) <= |h~|^2 + |m~|^2, with right signs",
    "derived: a scaled truth is feasible",
    "<=",
    {"xi <= 0": {"sign": 1.0}, "xi > -1": {"size": 3.0}},
    tol=1e-6,
)
def shrinking(rng: Rng, sign: float = -1.0, size: float = 0.3) -> Pair:
    """Optimum over the truth's value, with xi uniform between 0 and -size."""
    return _noisy_value(rng, sign * size * rng.random(80)), 1.0


@theorem(
    "Noise of any sign",
    "optimum(y (1 + xi)) <= (1 + max xi_+) (|h~|^2 + |m~|^2), with right signs",
    "derived: a scaled truth is feasible",
    "<=",
    {"xi > -1": {"size": 3.0}},
    tol=1e-6,
)
def growing(rng: Rng, size: float = 0.3) -> Pair:
    """Optimum over the truth's value, with xi uniform between -size and size."""
    xi = size * rng.uniform(-1, 1, 80)
    return _noisy_value(rng, xi), 1 + max(xi.max(), 0)


@theorem(
    "Infeasible data have a ray",
    "min |Bt'al|_1 over al >= 0, sum al d = 1 is 0 where no h has the given signs and no d is 0",
    "Motzkin's alternative, derived (kit.branchhull.ray)",
    "<=",
    {"no h has the given signs": {"wrong_signs": 0}},
)
def ray(rng: Rng, wrong_signs: int = 3) -> Pair:
    """The minimum, by a linear program, relative to the mean size of a row."""
    data, _ = branchhull.gaussian(rng, 60, 5, 5, wrong_signs=wrong_signs)
    Bt, _, d = branchhull.canonical(data)
    Bt, d = Bt / np.linalg.norm(Bt, axis=1).mean(), d / d.mean()
    identity = np.eye(5)
    answer = linprog(
        np.r_[np.zeros(60), np.ones(10)],
        A_eq=np.vstack([np.hstack([Bt.T, -identity, identity]), np.r_[d, np.zeros(10)]]),
        b_eq=np.r_[np.zeros(5), 1.0],
    )
    return answer.fun, 0.0


@theorem(
    "Lifting counts K N",
    "L products fix the matrix Z of y_l = b_l'Z c_l linearly iff L >= K N",
    "derived (lesson 10)",
    "=",
    {"L >= K N": {"L": 19}, "the rows are in general position": {"repeated": 2}},
)
def lifting(rng: Rng, L: int = 20, repeated: int = 0) -> Pair:
    """Rank of the L x K N matrix of rows b_l (x) c_l, and K N."""
    data, _ = branchhull.gaussian(rng, L, 4, 5)
    rows = np.einsum("lk,ln->lkn", data.B, data.C).reshape(L, 20)
    rows[:repeated] = rows[-1]
    return np.linalg.matrix_rank(rows), 20.0


@theorem(
    "Nuclear norm: weak duality",
    "|Z|_* >= y'nu / |sum nu_l b_l c_l'|_2 for every Z with b_l'Z c_l = y_l and any nu"
    " with sum nu_l b_l c_l' not 0",
    "derived (kit.branchhull.rivals.nuclear_norm, lesson 10)",
    ">=",
    {"Z reproduces y": {"shrink": 0.9}},
)
def nuclear(rng: Rng, shrink: float = 1.0) -> Pair:
    """|shrink h m'|_* of the truth where lifting recovers it, and the bound of its dual."""
    data, truth = branchhull.gaussian(rng, 60, 5, 5)
    nu = branchhull.solve_lifted(data).nu
    adjoint = (data.B * nu[:, None]).T @ data.C
    value = np.linalg.norm(truth.h) * np.linalg.norm(truth.m)
    return shrink * value, data.y @ nu / np.linalg.norm(adjoint, 2)


@theorem(
    "What a guess proves",
    "upper - lower = (1 - cos(h, Bt'al) cos(m, Ct'be)) upper",
    "derived (lesson 19)",
    "=",
    {
        "all rows touch: p q = d": {"off": 0.1},
        "(al, be) = mu (q, p)": {"tilt": 0.5},
        "mu >= 0": {"negative": 5},
    },
    tol=1e-12,
)
def guessed(rng: Rng, off: float = 0.0, tilt: float = 0.0, negative: int = 0) -> Pair:
    """Certified gap of the truth with random weights mu, and what the two angles say.

    off: h moves by so much in a random direction. tilt: be times up to 1 + tilt. negative: so many
    weights below 0, which the certificate counts as 0.
    """
    data, truth = branchhull.gaussian(rng, 60, 5, 5)
    Bt, Ct, _ = branchhull.canonical(data)
    h, m = truth.h + off * rng.standard_normal(5) * np.abs(truth.h).min(), truth.m
    mu = rng.random(60) + 0.1
    mu[:negative] *= -1
    al, be = mu * (Ct @ m), mu * (Bt @ h) * (1 + tilt * rng.random(60))
    gap = branchhull.certify(BranchHull(data), h, m, np.stack([al, be])).gap
    return gap, 1 - (1 - cosine(h, Bt.T @ al)) * (1 - cosine(m, Ct.T @ be))


@theorem(
    "Rate of the ADMM",
    "|s_(k+1) - s_k|^(1/k) tends to the largest |eigenvalue| below 1 of its Jacobian, from a "
    "generic start",
    "derived (kit.experiments.rates, lesson 13)",
    "=",
    {
        "k is large: the rows that touch no longer change": {"first": 5},
        "the Jacobian is that of the same rho": {"other": 4.0},
    },
    tol=2e-3,
)
def rate(rng: Rng, first: int = 800, other: float = 1.0) -> Pair:
    """Slope of the steps over half a run, and the eigenvalue; noise 0.05, L = 40, K = N = 5."""
    problem = BranchHull(branchhull.gaussian(rng, 40, 5, 5, noise=0.05)[0])
    answer = branchhull.solve(problem, "interior", tol=1e-12)
    steps = steps_of_admm(problem, 1500, rho=20.0)
    small = np.flatnonzero(steps < 1e-11)
    last = small[0] if small.size else steps.size
    first = min(first, last // 2)
    last = last if first > 5 else 30
    promised = local_rate(problem, answer.h, answer.m, answer.dual, rho=20.0 * other)
    return measured_rate(steps, first, last), promised
