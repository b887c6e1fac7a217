"""The rivals of BranchHull: lifting, alternating least squares, descent, sparse power."""

from itertools import islice

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from kit import branchhull
from kit.branchhull import Bilinear, BranchHull
from kit.branchhull.rivals.alternating import alternating
from kit.branchhull.rivals.gradient import best_step, gradient
from kit.branchhull.rivals.local import begin, residual
from kit.branchhull.rivals.nuclear_norm import adjoint, measure
from kit.results import Status


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


def instance(L, K, N, seed=0, **options):
    return branchhull.gaussian(np.random.default_rng(seed), L, K, N, **options)


def rng(seed=0):
    return np.random.default_rng(seed)


def rescaled():
    data, _ = instance(60, 5, 5)
    rows = np.geomspace(1, 1e2, 60)
    return Bilinear(1e4 * data.B, data.C * rows[:, None], data.y * rows * 1e4, data.signs)


ZERO = Bilinear(np.ones((3, 2)), np.ones((3, 1)), np.zeros(3), np.array([1, 1, 1]))
DATA = {
    "tall": instance(60, 6, 5)[0],
    "one measurement": instance(1, 1, 1)[0],
    "K > L": instance(3, 8, 2)[0],
    "y all zero": ZERO,
    "badly scaled": rescaled(),
}
RIVALS = {
    "lift, admm": lambda data, **o: branchhull.lift(data, **o),
    "alternate": lambda data, **o: branchhull.alternate(data, rng(), **o),
    "gradient": lambda data, **o: branchhull.descend(data, rng(), starts=5, **o),
    "gauss-newton": lambda data, **o: branchhull.descend(
        data, rng(), "gauss-newton", start="signs", starts=5, **o
    ),
}


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("rival", RIVALS)
def test_every_rival_reproduces_every_data_set_and_claims_no_proof(rival, name):
    data = DATA[name]
    answer = RIVALS[rival](data)
    report = answer.report
    assert answer.xi is None and answer.dual is None and report.certificate.lower == -np.inf
    assert report.method.split(",")[0] in rival or report.method.endswith(rival)
    assert residual(data, answer.h, answer.m) <= 1e-5, answer
    assert "the products are" in report.notes[0]
    if data is not ZERO:
        assert np.linalg.norm(answer.h) == pytest.approx(np.linalg.norm(answer.m))
    if not rival.startswith("lift"):
        assert "nothing is proved" in report.notes[0]
        assert report.run.status is Status.STOPPED
        assert report.certificate.gap == np.inf


def test_a_rival_on_noise_never_says_solved():
    data, _ = instance(120, 6, 5, noise=0.1)
    for rival in RIVALS.values():
        report = rival(data).report
        assert report.run.status in (Status.FAILED, Status.MAX_ITER, Status.INFEASIBLE)
        assert "not reproduced" in report.notes[0]


def test_the_signs_turn_an_answer_round():
    data, truth = instance(80, 5, 5)
    flipped = Bilinear(data.B, data.C, data.y, -data.signs)
    for rival in RIVALS.values():
        one, other = rival(data), rival(flipped)
        assert branchhull.recovery_error(one.h, one.m, truth) < 1e-5
        assert np.allclose(one.h, -other.h, atol=1e-4) and np.allclose(one.m, -other.m, atol=1e-4)


# lifting


def test_the_adjoint_is_the_adjoint_and_the_gram_matrix_is_a_product():
    data, truth = instance(30, 5, 4)
    Z, nu = rng().normal(size=(5, 4)), rng(1).normal(size=30)
    assert measure(data, Z) @ nu == pytest.approx(np.sum(Z * adjoint(data, nu)), abs=1e-14)
    assert np.allclose(measure(data, np.outer(truth.h, truth.m)), data.y, atol=1e-15)
    gram = (data.B @ data.B.T) * (data.C @ data.C.T)
    assert np.allclose(measure(data, adjoint(data, nu)), gram @ nu, atol=1e-14)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 3))
def test_any_nu_bounds_the_nuclear_norm(seed, spread):
    stream = rng(seed)
    L, K, N = stream.integers(1, 9, 3)
    data, truth = branchhull.gaussian(stream, L, K, N)
    nu = stream.normal(size=L) * np.exp(spread * stream.normal(size=L))
    certificate = branchhull.certify_lifted(data, np.outer(truth.h, truth.m), nu)
    assert certificate.violation <= 1e-12
    assert certificate.upper == pytest.approx(np.linalg.norm(truth.h) * np.linalg.norm(truth.m))
    assert 0 <= certificate.lower <= certificate.upper * (1 + 1e-12)


def test_the_lifted_certificate_refuses():
    data, _ = instance(25, 5, 5)  # L = K N: one feasible point; the optimum of fewer rows is lower
    fewer = Bilinear(data.B[:12], data.C[:12], data.y[:12], data.signs[:12])
    lifted = branchhull.solve_lifted(fewer)
    certify, Z, nu = branchhull.certify_lifted, lifted.Z, lifted.nu
    assert lifted.run.status is Status.SOLVED and certify(fewer, Z, nu).gap <= 1e-6
    assert certify(fewer, Z, 3 * nu).gap == pytest.approx(lifted.certificate.gap, abs=1e-12)
    assert certify(fewer, Z, -nu).lower == 0
    assert certify(fewer, Z, nu + 0.1 * rng().normal(size=12)).gap > 1e-3
    assert certify(fewer, 1.01 * Z, nu).upper == np.inf
    assert certify(fewer, 1.01 * Z, nu).violation == pytest.approx(0.01)
    feasible = np.linalg.lstsq(
        np.einsum("lk,ln->lkn", fewer.B, fewer.C).reshape(12, 25), fewer.y, rcond=None
    )[0].reshape(5, 5)
    assert certify(fewer, feasible, nu).gap > 1e-3  # feasible, and not the smallest


@pytest.mark.parametrize(("L", "K", "N"), [(8, 3, 4), (30, 6, 5), (60, 6, 5), (20, 2, 7)])
def test_lifting_agrees_with_clarabel(L, K, N):
    data, _ = instance(L, K, N, 3)
    ours = branchhull.solve_lifted(data)
    assert ours.run.status is Status.SOLVED and ours.certificate.gap <= 1e-6
    Z = cp.Variable((K, N))
    fits = cp.sum(cp.multiply(data.B @ Z, data.C), axis=1) == data.y
    best = cp.Problem(cp.Minimize(cp.normNuc(Z)), [fits]).solve(solver=cp.CLARABEL)
    assert ours.certificate.lower <= best * (1 + 1e-6)
    assert best <= ours.certificate.upper * (1 + 1e-6)


def test_lifting_speaks_of_two_programs():
    data, truth = instance(80, 10, 10)
    answer = branchhull.lift(data)
    lifted = branchhull.solve_lifted(data)
    assert branchhull.recovery_error(answer.h, answer.m, truth) < 1e-5
    assert lifted.second < 1e-5 and "of rank 1." in answer.report.notes[2]
    # the run is the nuclear norm program's, the certificate is BranchHull's
    assert answer.report.run.status is Status.SOLVED
    assert answer.report.run.history["gap"][-1] <= 1e-6
    assert "nuclear norm program's" in answer.report.notes[1]
    best = np.linalg.norm(truth.h) * np.linalg.norm(truth.m)
    assert lifted.certificate.upper == pytest.approx(best, rel=1e-6)
    assert answer.report.certificate.upper == pytest.approx(2 * best, rel=1e-3)


def test_below_its_line_lifting_is_solved_and_has_failed():
    data, truth = instance(24, 10, 10)
    answer = branchhull.lift(data)
    assert answer.report.run.status is Status.SOLVED
    assert "lifting has failed" in answer.report.notes[2]
    assert branchhull.recovery_error(answer.h, answer.m, truth) > 0.1


def test_data_that_no_matrix_fits_come_with_a_ray():
    data, _ = instance(40, 3, 3, noise=0.1)
    lifted = branchhull.solve_lifted(data)
    assert lifted.run.status is Status.INFEASIBLE and lifted.certificate.lower == np.inf
    assert np.linalg.norm(adjoint(data, lifted.nu)) <= 1e-12 * np.abs(lifted.nu).sum()
    assert data.y @ lifted.nu > 0
    assert np.all(np.isfinite(branchhull.lift(data).h))


def test_lifting_reaches_thirty_by_thirty():
    data, truth = instance(200, 30, 30)
    answer = branchhull.lift(data)
    assert answer.report.run.status is Status.SOLVED and answer.report.run.elapsed < 10
    assert branchhull.recovery_error(answer.h, answer.m, truth) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("L", "least", "most"), [(36, 0.0, 0.3), (42, 0.3, 0.65), (52, 0.85, 1.0), (60, 0.95, 1.0)]
)
def test_the_transition_of_lifting(L, least, most):
    # K = N = 10; BranchHull has its 50 % at L = 2 (K + N - 2) = 36. Measured over 200 seeds:
    # .13 at L = 36, .44 at 42, .65 at 44, .85 at 48, .95 at 52, .98 at 56, 1 at 60
    share = share_recovered(branchhull.lift, L, 10, 10, 40)
    assert least <= share <= most
    if L == 36:
        convex = share_recovered(lambda d: branchhull.solve(BranchHull(d)), L, 10, 10, 100)
        assert abs(convex - 0.5) < 4 * np.sqrt(0.25 / 100) and share < convex - 0.15


# local methods


def test_the_gradient_is_the_gradient():
    data, _ = instance(20, 4, 3)
    h, m = rng(1).normal(size=4), rng(2).normal(size=3)
    dh, dm = rng(3).normal(size=4), rng(4).normal(size=3)

    def misfit(t):
        return np.sum((data.y - (data.B @ (h + t * dh)) * (data.C @ (m + t * dm))) ** 2)

    w, x = data.B @ h, data.C @ m
    gh, gm = gradient(data, w, x, data.y - w * x)
    slope = (misfit(1e-5) - misfit(-1e-5)) / 2e-5
    assert -2 * (gh @ dh + gm @ dm) == pytest.approx(slope, rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_line_search_is_exact(seed):
    r, a, b = rng(seed).normal(size=(3, 5)) * np.exp(3 * rng(seed).normal(size=(3, 1)))
    t = best_step(r, a, b)

    def misfit(t):
        return np.sum((r - t * a - t * t * b) ** 2)

    grid = np.r_[np.linspace(-3, 3, 301) * (abs(t) + 1), t * np.linspace(0.9, 1.1, 21)]
    assert misfit(t) <= min(map(misfit, grid)) * (1 + 1e-9)


def test_the_line_search_survives_zeros():
    zero, one = np.zeros(3), np.ones(3)
    assert best_step(one, zero, zero) == 0
    assert best_step(one, one, zero) == pytest.approx(1)
    assert abs(best_step(one, zero, one)) == pytest.approx(1)
    assert best_step(-one, zero, one) == 0  # every step raises the misfit


@pytest.mark.parametrize("rival", ["alternate", "gradient", "gauss-newton"])
def test_the_misfit_never_rises(rival):
    data, _ = instance(50, 6, 6)
    history = RIVALS[rival](data).report.run.history
    for k in np.unique(history["start"]):
        curve = history["residual"][history["start"] == k]
        assert np.all(np.diff(curve) <= 1e-12)
    assert np.all(np.isinf(history["gap"]))


def test_starts_are_scaled_and_say_what_they_know():
    data, truth = instance(4000, 4, 4)
    for start in ("spectral", "signs", "random"):
        h, m = begin(data, rng(), start)
        product = (data.B @ h) * (data.C @ m)
        assert (data.y - product) @ product == pytest.approx(0, abs=1e-10)
        assert np.linalg.norm(h) == pytest.approx(np.linalg.norm(m))
    true = np.outer(truth.h, truth.m)
    for start, far in (("spectral", 0.3), ("signs", 0.3)):
        Z = np.outer(*begin(data, None, start))
        assert np.linalg.norm(Z - true) < far * np.linalg.norm(true)


def share_recovered(method, L, K, N, trials):
    hits = 0
    for seed in range(trials):
        data, truth = instance(L, K, N, seed)
        answer = method(data)
        hits += branchhull.recovery_error(answer.h, answer.m, truth) < 1e-4
    return hits / trials


def newton(data):
    return branchhull.descend(data, rng(9), "gauss-newton", start="signs")


def test_gauss_newton_recovers_below_the_convex_line_and_proves_nothing():
    # L = 1.5 (K + N), where P(Bin(L - 1, 1/2) >= K + N - 2) is .02; measured: all of 40 seeds
    L, K, N = 60, 20, 20
    assert share_recovered(newton, L, K, N, 20) >= 0.9
    assert share_recovered(lambda d: branchhull.solve(BranchHull(d)), L, K, N, 20) <= 0.3
    assert newton(instance(L, K, N)[0]).report.certificate.gap == np.inf


@pytest.mark.slow
def test_gauss_newton_at_five_quarters():
    # measured: 38 of 40 and 39 of 40
    assert share_recovered(newton, 50, 20, 20, 100) >= 0.85
    assert share_recovered(newton, 25, 10, 10, 100) >= 0.85


def test_more_starts_find_more():
    L, K, N = 25, 10, 10

    def share(starts):
        return share_recovered(
            lambda d: branchhull.descend(d, rng(9), "gauss-newton", starts=starts), L, K, N, 20
        )

    # measured over 40 seeds: .68 from the spectral start alone, .97 with 19 random ones
    one, many = share(1), share(20)
    assert many >= one + 0.1 and many >= 0.8


def test_gradient_descent_from_a_spectral_start():
    # measured: all of 20 seeds at L = 3 (K + N)
    assert share_recovered(lambda d: branchhull.descend(d, rng(9)), 60, 10, 10, 8) == 1


def test_a_callback_ends_the_race_where_it_says():
    data, _ = instance(60, 6, 5)
    seen = []

    def third(state):
        seen.append(state.residual)
        return len(seen) == 3

    answer = branchhull.descend(data, rng(), starts=4, callback=third)
    run = answer.report.run
    assert run.status is Status.STOPPED and run.iterations == 3
    assert np.array_equal(run.history["residual"], seen)
    assert residual(data, answer.h, answer.m) == pytest.approx(seen[-1])


@pytest.mark.parametrize("rival", ["alternate", "gradient", "gauss-newton"])
def test_a_callback_sees_the_units_of_the_data(rival):
    data, seen = DATA["badly scaled"], []
    RIVALS[rival](data, callback=seen.append)
    for state in seen:
        assert residual(data, state.h, state.m) == pytest.approx(state.residual, abs=1e-12)


def test_a_few_states_are_the_algorithm():
    data, truth = instance(60, 6, 5)
    *_, last = islice(alternating(data, *begin(data, rng(), "spectral")), 30)
    Z, true = np.outer(last.h, last.m), np.outer(truth.h, truth.m)
    assert np.linalg.norm(Z - true) < 1e-3 * np.linalg.norm(true)


def test_an_iteration_limit_is_told():
    data, _ = instance(60, 6, 5)
    report = branchhull.descend(data, rng(), max_iter=5).report
    assert report.run.status is Status.MAX_ITER and report.run.iterations == 5


def test_the_same_stream_gives_the_same_answer():
    data, _ = instance(30, 8, 8)
    one, two = (branchhull.alternate(data, rng(3), start="random") for _ in range(2))
    assert np.array_equal(one.h, two.h)


SMALL = instance(12, 2, 2)[0]


def in_units(data, b, c, y):
    return branchhull.Bilinear(b * data.B, c * data.C, y * data.y, data.signs)


BAD_CALLS = {
    "data must be a Bilinear": [
        lambda: branchhull.lift(3),
        lambda: branchhull.alternate(BranchHull(SMALL), rng()),
        lambda: branchhull.descend(None, rng()),
    ],
    "rng must be": [
        lambda: branchhull.alternate(SMALL, 0),
        lambda: branchhull.descend(SMALL, None),
    ],
    "method must be": [
        lambda: branchhull.descend(SMALL, rng(), "magic"),
    ],
    "starts must be": [
        lambda: branchhull.alternate(SMALL, rng(), starts=0),
        lambda: branchhull.descend(SMALL, rng(), starts=1.5),
    ],
    "start must be": [lambda: branchhull.alternate(SMALL, rng(), start="truth")],
    "tol must be": [
        lambda: branchhull.lift(SMALL, tol=-1),
        lambda: branchhull.alternate(SMALL, rng(), tol="small"),
        lambda: branchhull.descend(SMALL, rng(), tol=np.nan),
    ],
    "max_iter must be": [
        lambda: branchhull.lift(SMALL, max_iter=0),
        lambda: branchhull.descend(SMALL, rng(), max_iter=0),
    ],
    "callback must be": [
        lambda: branchhull.lift(SMALL, callback=3),
        lambda: branchhull.descend(SMALL, rng(), callback=3),
    ],
    "rho must be": [lambda: branchhull.lift(SMALL, rho=0)],
    "data must have": [lambda: branchhull.lift(in_units(SMALL, 1e-160, 1e-160, 1.0))],
    "Z must": [lambda: branchhull.certify_lifted(SMALL, np.ones((2, 3)), np.ones(12))],
    "nu must": [lambda: branchhull.certify_lifted(SMALL, np.ones((2, 2)), np.ones(3))],
}


@pytest.mark.parametrize(
    "units",
    [(1e-160, 1e-160, 1e-300), (1e100, 1e100, 1e250), (1.0, 1.0, 1e160), (1.0, 1.0, 1e-300)],
)
def test_lifting_in_any_units(units):
    data, _ = branchhull.gaussian(rng(), 20, 4, 4)
    other, own = (branchhull.solve_lifted(one) for one in (in_units(data, *units), data))
    scale = units[2] / units[0] / units[1]
    assert other.run.status is own.run.status is Status.SOLVED
    assert other.certificate.upper == pytest.approx(scale * own.certificate.upper, rel=1e-6)
    assert branchhull.lift(in_units(data, *units)).report.run.status is Status.SOLVED


@pytest.mark.parametrize("words", BAD_CALLS)
def test_bad_calls_name_the_argument(words):
    for call in BAD_CALLS[words]:
        with pytest.raises(ValueError, match=f"^{words}") as refusal:
            call()
        assert "\n" not in str(refusal.value)
