"""BranchHull l1, with and without slack and weight: every method, and the laws of an answer."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull
from kit.branchhull.interior import cones, loop
from kit.results import Status

VARIANTS = {
    "plain": {},
    "slack": {"lam": 0.4},
    "weight": {"gamma": 3.0},
    "slack and weight": {"lam": 1.3, "gamma": 2.0},
}


def sparse(L, K, N, seed=0, S=(2, 2), **options):
    return branchhull.gaussian(np.random.default_rng(seed), L, K, N, sparsity=S, **options)


def with_zeros(data):
    y = np.where(np.arange(data.y.size) % 3, data.y, 0)
    return Bilinear(data.B, data.C, y, data.signs)


def by_row(data):
    rows = np.geomspace(1, 1e4, data.y.size)
    return Bilinear(1e4 * data.B, data.C * rows[:, None], data.y * rows, data.signs)


DATA = {
    "sparse": sparse(40, 12, 10)[0],
    "noisy": sparse(40, 12, 10, seed=1, noise=0.05)[0],
    "fewer rows than unknowns": sparse(9, 12, 10, seed=2)[0],
    "dense": sparse(30, 5, 6, seed=3, S=(5, 6), noise=0.3)[0],
    "one measurement": sparse(1, 1, 1, S=(1, 1))[0],
    "zeros in y": with_zeros(sparse(30, 6, 5)[0]),
    "y all zero": Bilinear(np.ones((3, 2)), np.ones((3, 1)), np.zeros(3), np.ones(3)),
    "badly scaled": by_row(sparse(30, 6, 5)[0]),
}


def fitting(problem):
    return [name for name, why in branchhull.methods_for(problem).items() if not why]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", DATA)
def test_every_method_is_certified_on_every_problem(name, variant):
    problem = BranchHull(DATA[name], "l1", **VARIANTS[variant])
    for method in fitting(problem):
        if method == "admm":
            continue  # noisy data would take it thousands of iterations: its own tests are below
        answer = branchhull.solve(problem, method, tol=1e-4 if method == "cvxpy" else 1e-8)
        report = answer.report
        assert report.run.status in (Status.SOLVED, Status.INFEASIBLE), (method, answer)
        if report.run.status is Status.SOLVED:
            check_laws(problem, answer)


def check_laws(problem, answer):
    """Feasible with its slack, balanced (R3), and equal to the certificate's upper bound."""
    h, m, xi = answer.h, answer.m, answer.xi
    assert (xi is None) is (problem.lam is None)
    Bt, Ct, d = branchhull.canonical(problem.data)
    shift = 0 if xi is None else xi * problem.data.signs * np.sign(problem.data.y)
    p, q, on = Bt @ h, Ct @ m + shift, d > 0
    assert np.all(p[on] * q[on] >= d[on] * (1 - 1e-9)) and np.all(p[on] > 0)
    assert np.all(p[~on] >= -1e-12 * np.linalg.norm(Bt[~on], axis=1) * np.linalg.norm(h))
    F = np.abs(h).sum()
    G = problem.gamma * np.abs(m).sum() + (0 if xi is None else problem.lam * np.abs(xi).sum())
    assert np.isclose(F, G, rtol=1e-12)
    assert np.isclose(F + G, answer.report.certificate.upper, rtol=1e-12)
    assert problem.value(h, m, xi) == pytest.approx(F + G)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("seed", range(3))
def test_admm_without_noise_is_certified_and_finds_the_truth(seed, variant):
    data, truth = sparse(90, 30, 25, seed=seed)
    problem = BranchHull(data, "l1", **(VARIANTS[variant] | {"lam": 3.0}))
    answer = branchhull.solve(problem, "admm", tol=1e-7, max_iter=2000)
    report = answer.report
    assert report.run.status is Status.SOLVED
    best = branchhull.solve(problem).report.certificate
    assert report.certificate.upper == pytest.approx(best.upper, rel=1e-6)
    error = branchhull.recovery_error(answer.h, answer.m, truth, "l1", problem.gamma)
    assert error < 1e-5
    # both residuals fall with the gap
    for name in ("primal", "dual_residual"):
        curve = report.run.history[name]
        assert curve[-1] < 1e-4 * curve[:10].max()


def test_admm_with_noise_comes_near_and_says_how_near():
    problem = BranchHull(DATA["noisy"], "l1", lam=0.8, gamma=2.0)
    best = branchhull.solve(problem).report.certificate
    report = branchhull.solve(problem, "admm", max_iter=300, rho=10).report
    assert report.run.status is Status.MAX_ITER and 1e-8 < report.certificate.gap < 0.1
    assert report.certificate.lower <= best.upper and best.lower <= report.certificate.upper
    history = report.run.history
    assert history["primal"][-1] < 1e-2 * history["primal"][:10].max()


@pytest.mark.parametrize("seed", range(3, 9))
def test_columns_alike_cost_no_digits(seed):
    rng = np.random.default_rng(seed)
    B, C = rng.standard_normal((39, 6)), rng.standard_normal((39, 11))
    B[:, 3], C[:, 7], C[:, 8] = B[:, 1], -2 * C[:, 2], C[:, 2]
    w = B @ rng.standard_normal(6)
    y = w * (C @ rng.standard_normal(11)) * np.exp(0.1 * rng.standard_normal(39))
    report = branchhull.solve(BranchHull(Bilinear(B, C, y, np.sign(w)), "l1"), "interior").report
    assert report.run.status is Status.SOLVED


@pytest.mark.parametrize("seed", [0, 4, 5, 6, 13, 29])
def test_columns_in_units_twelve_decades_apart(seed):
    rng = np.random.default_rng(seed)
    s, z = 10 ** rng.uniform(-6, 6, 6), 10 ** rng.uniform(-6, 6, 8)
    B, C = rng.standard_normal((45, 6)), rng.standard_normal((45, 8))
    w = B @ rng.standard_normal(6)
    data = Bilinear(B * s, C * z, w * (C @ rng.standard_normal(8)), np.sign(w))
    report = branchhull.solve(BranchHull(data, "l1"), "interior").report
    assert report.run.status is Status.SOLVED


@pytest.mark.parametrize("variant", VARIANTS)
def test_both_sides_of_the_newton_system_agree(variant, monkeypatch):
    # so few rows that the system is solved by rows; and the same by columns
    module = importlib.import_module("kit.branchhull.interior.normal")
    data, _ = sparse(40, 160, 150, seed=4, S=(3, 3), noise=0.1)
    problem = BranchHull(data, "l1", **VARIANTS[variant])
    seen = []
    by_rows = module._ByRows

    def columns(B, C, D, det, E):
        return module._ByColumns(B, C, D, E, 0.0)

    def rows(*arguments):
        seen.append(1)
        return by_rows(*arguments)

    answers = []
    for side in (rows, columns):
        monkeypatch.setattr(module, "_ByRows", side)
        answers.append(branchhull.solve(problem, "interior").report)
    assert seen
    for report in answers:
        assert report.run.status is Status.SOLVED
    one, other = (report.certificate.upper for report in answers)
    assert one == pytest.approx(other, rel=2e-8)


def test_the_laws_say_no():
    problem = BranchHull(DATA["noisy"], "l1", lam=0.4)
    answer = branchhull.solve(problem, "cvxpy", tol=1e-6)
    check_laws(problem, answer)
    h, m, xi = answer.h, answer.m, answer.xi
    for spoilt in ((2 * h, m / 2, xi / 2), (h, m, 0 * xi), (0.9 * h, 0.9 * m, 0.9 * xi)):
        with pytest.raises(AssertionError):
            check_laws(problem, type(answer)(*spoilt, answer.dual, answer.report))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_certificate_refuses(variant):
    problem = BranchHull(DATA["dense"], "l1", **VARIANTS[variant])
    answer = branchhull.solve(problem, "cvxpy", tol=1e-6)
    h, m, xi, dual = answer.h, answer.m, answer.xi, answer.dual
    base = answer.report.certificate
    certify = branchhull.certify
    assert certify(problem, h, m, dual, xi).gap < 1e-6
    assert certify(problem, h, m, dual).gap < 1e-6  # the slack is found again
    assert certify(problem, -h, m, dual, xi).upper == np.inf  # wrong branch
    assert certify(problem, -h, m, dual, xi).violation == 1
    assert certify(problem, h, m, None, xi).lower == -np.inf
    assert certify(problem, h, m, -dual, xi).lower == 0
    assert certify(problem, h, m, dual[::-1], xi).gap > 0.1
    nudged = h + 0.01 * np.linalg.norm(h) * np.eye(h.size)[0]
    assert certify(problem, nudged, m, dual, xi).gap > 1e-5
    # the scales of h, m and of al, be do not matter
    al, be = dual
    other = certify(problem, 7 * h, m / 5, np.stack([3 * al, be / 11]))
    assert other.lower == pytest.approx(base.lower, rel=1e-12)
    assert other.upper == pytest.approx(base.upper, rel=1e-9)
    # the answer to another price or weight is not the answer to this one
    for change in ({"gamma": 2 * problem.gamma}, {"lam": 0.01}):
        given = {"gamma": problem.gamma, "lam": problem.lam} | change
        other = BranchHull(problem.data, "l1", **given)
        certificate = certify(other, h, m, dual)
        if "lam" in change:
            assert certificate.gap > 1e-3
        assert certificate.lower <= certificate.upper
    if problem.slack:
        assert certify(problem, h, m, dual, 0 * xi).violation > 1e-3
    else:
        assert certify(problem, 0.9 * h, 0.9 * m, dual).violation == pytest.approx(0.1, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 3), st.sampled_from(list(VARIANTS)))
def test_weak_duality_on_random_pairs(seed, spread, variant):
    rng = np.random.default_rng(seed)
    L, K, N = rng.integers(1, 9, 3)
    data, truth = branchhull.gaussian(rng, L, K, N)
    problem = BranchHull(data, "l1", **VARIANTS[variant])
    dual = rng.normal(size=(2, L)) * np.exp(spread * rng.normal(size=(2, L)))
    certificate = branchhull.certify(problem, truth.h, truth.m, dual)
    best = 2 * np.sqrt(np.abs(truth.h).sum() * problem.gamma * np.abs(truth.m).sum())
    assert certificate.violation <= 1e-12
    assert certificate.lower <= certificate.upper * (1 + 1e-12)
    # the truth without slack is one of the points that a slack may use
    assert certificate.upper <= best * (1 + 1e-9)
    if not problem.slack:
        assert certificate.upper == pytest.approx(best)


def test_repair_finds_the_cheapest_slack():
    data, _ = sparse(25, 4, 4, seed=5, noise=0.5)
    problem = BranchHull(data, "l1", lam=2.0, gamma=1.3)
    Bt, Ct, d = branchhull.canonical(data)
    answer = branchhull.solve(problem, "interior")
    h, m = answer.h, 3 * answer.m + np.array([0.1, 0, -0.1, 0]) * np.abs(answer.m).max()
    upper = branchhull.certify(problem, h, m, None).upper
    p, q, size = Bt @ h, Ct @ m, np.abs(m).sum()
    costs = [
        2 * np.sqrt(np.abs(h).sum() * (1.3 * c * size + 2 * np.maximum(0, d / p - c * q).sum()))
        for c in np.append(0, np.geomspace(1e-3, 1e3, 20_000))
    ]
    assert 0 < np.argmin(costs) < 20_000  # some of m, and some slack
    assert upper <= min(costs) * (1 + 1e-12) and upper == pytest.approx(min(costs), rel=1e-4)


@pytest.mark.parametrize("side", ["B", "C"])
def test_with_slack_only_the_signs_of_h_can_be_infeasible(side):
    data, _ = sparse(40, 4, 4)
    flip = np.r_[-np.ones(3), np.ones(37)]
    if side == "B":
        data = Bilinear(data.B, data.C, data.y, data.signs * flip)
    else:
        data = Bilinear(data.B, data.C, data.y * flip, data.signs)
    hard, soft = BranchHull(data, "l1"), BranchHull(data, "l1", lam=1.0)
    ray, _ = branchhull.infeasible_ray(hard)
    nothing = np.zeros(4)
    assert branchhull.certify(hard, nothing, nothing, ray).lower == np.inf
    if side == "B":
        assert branchhull.certify(soft, nothing, nothing, ray).lower == np.inf
    else:
        assert branchhull.infeasible_ray(soft) is None
        assert branchhull.certify(soft, nothing, nothing, ray).lower < np.inf
    for problem, status in (
        (hard, Status.INFEASIBLE),
        (soft, Status.INFEASIBLE if side == "B" else Status.SOLVED),
    ):
        for method in fitting(problem):
            if method == "admm" and status is Status.SOLVED:
                continue
            answer = branchhull.solve(problem, method, tol=1e-5, max_iter=100)
            assert answer.report.run.status is status, (method, answer)


data = DATA["sparse"]
BAD = {
    "lam must be None": lambda: BranchHull(data, lam=1.0),
    "gamma must be 1": lambda: BranchHull(data, gamma=2.0),
    "lam must be a finite number > 0": lambda: BranchHull(data, "l1", lam=-1.0),
    "gamma must be a finite number > 0": lambda: BranchHull(data, "l1", gamma=0),
    "mu must be given": lambda: BranchHull(data, "tv", shape=(8, 5)),
    "mu must be None": lambda: BranchHull(data, "l1", mu=1.0),
    "mu must be a finite number >= 0": lambda: BranchHull(data, "tv", mu=-1.0, shape=(8, 5)),
    "shape must be given": lambda: BranchHull(data, "tv", mu=0.0),
    "shape must be None": lambda: BranchHull(data, "l2", shape=(8, 5)),
    "shape must be a pair": lambda: BranchHull(data, "tv", mu=0.0, shape=40),
    "shape q must be": lambda: BranchHull(data, "tv", mu=0.0, shape=(8, 5.0)),
    "shape must hold the L = 40": lambda: BranchHull(data, "tv", mu=0.0, shape=(8, 6)),
    "xi must be None": lambda: BranchHull(data, "l1").value(np.ones(12), np.ones(10), np.ones(40)),
    "xi must have 40": lambda: branchhull.certify(
        BranchHull(data, "l1", lam=1.0), np.ones(12), np.ones(10), None, np.ones(4)
    ),
    "solver must be": lambda: branchhull.solve(BranchHull(data, "l1"), "cvxpy", solver="best"),
}


@pytest.mark.parametrize("sentence", BAD)
def test_what_does_not_belong_together_is_told(sentence):
    with pytest.raises(ValueError, match=f"^{sentence}"):
        BAD[sentence]()


@pytest.mark.parametrize(("objective", "lam"), [("l2", None), ("l1", None), ("l1", 2.0)])
def test_a_newton_step_solves_its_equations(objective, lam, monkeypatch):
    made = []

    class Kept(loop.Newton):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(loop, "Newton", Kept)
    stream = np.random.default_rng(4)
    data, _ = branchhull.gaussian(stream, 30, 5, 4, sparsity=(2, 2), noise=0.1)
    branchhull.solve(BranchHull(data, objective, lam=lam), "interior")
    for newton in made[:6]:
        model, at = newton.model, (newton.eta, newton.w)
        right = [stream.standard_normal(cost.size) for cost in (model.c, model.k, model.kappa)]
        x, t, v = newton.solve(right, 1e-9 * newton.costs)
        s = cones.apply_inverse(*at, cones.apply_inverse(*at, model.cones(x, v)))
        left = model.columns(s, model.bounds(x, t, v) / newton.root**2)
        left = left[0] + 2 * model.square * x, *left[1:]
        for one, other in zip(left, right, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6 * np.abs(other).max(initial=0.0))
    assert made


def test_a_method_that_does_not_fit_says_why(monkeypatch):
    problem = BranchHull(data, "l1")
    module = __import__("kit.branchhull.solve", fromlist=["WHY_NOT"])
    monkeypatch.setitem(module.WHY_NOT, "cvxpy", lambda problem: "it is away")
    assert branchhull.methods_for(problem)["cvxpy"] == "it is away"
    with pytest.raises(ValueError, match=r"method must fit the problem.*it is away"):
        branchhull.solve(problem, "cvxpy")
