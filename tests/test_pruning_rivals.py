"""Rivals of Net-Trim: each does what its docstring derives, all at exactly the same sparsity."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import cholesky

from kit import datasets, experiments, nettrim
from kit.experiments import pruning, pruning_today
from kit.nettrim import rivals
from kit.nettrim.networks import recent
from kit.nettrim.networks.recent import RECENT
from kit.nettrim.networks.rivals import IMPROVED, RIVALS, Trained, compare

METHODS = {**RIVALS, **IMPROVED}
ROOT = Path(__file__).parents[1]


def trained_layer(seed=0, N=9, M=5, P=60):
    rng = np.random.default_rng(seed)
    mix = rng.standard_normal((N, N))
    X = np.vstack([np.maximum(mix @ rng.standard_normal((N, P)), 0), np.ones(P)])
    return Trained(X, rng.standard_normal((N + 1, M)))


LAYER = trained_layer()


def test_everything_has_exactly_the_weights_that_were_asked_for():
    for name, method in METHODS.items():
        for keep, W in zip((45, 30, 9, 1, 0), method(LAYER, (45, 30, 9, 1, 0)), strict=True):
            count = np.count_nonzero(W[:-1])
            assert count == keep or (count >= 40 and keep == 45), name  # l1 at its densest
            assert W.shape == LAYER.W.shape and np.all(np.isfinite(W)), name


@pytest.mark.parametrize("name", ["magnitude", "wanda", "obs", "sparsegpt"])
def test_nothing_removed_nothing_changed(name):
    assert np.allclose(RIVALS[name](LAYER, [45])[0], LAYER.W, atol=1e-4)


def test_magnitude_and_wanda_keep_the_largest_scores():
    W = rivals.magnitude(LAYER, [20])[0]
    sizes = np.abs(LAYER.W[:-1])
    assert sizes[W[:-1] != 0].min() >= sizes[W[:-1] == 0].max()
    W = rivals.wanda(LAYER, [20])[0]
    assert np.all(np.count_nonzero(W[:-1], axis=0) == 4)
    score = sizes * np.linalg.norm(LAYER.X[:-1], axis=1)[:, None]
    for m in range(5):
        assert score[W[:-1, m] != 0, m].min() >= score[W[:-1, m] == 0, m].max()


def test_obs_takes_the_best_single_weight():
    """Against all single removals, each with a least squares refit."""
    W = rivals.obs(replace(LAYER, W=LAYER.W[:, :1]), [8])[0]
    layer = replace(LAYER, W=LAYER.W[:, :1])
    costs = []
    for n in range(9):
        U = layer.W.copy()
        U[n] = 0
        costs.append(np.linalg.norm(rivals.least_squares(layer, U).T @ layer.X - layer.Z))
    assert np.flatnonzero(W[:, 0] == 0) == [np.argmin(costs)]
    assert np.linalg.norm(W.T @ layer.X - layer.Z) == pytest.approx(min(costs), rel=1e-3)


def test_obs_updates_are_least_squares():
    """The update formula, step by step, ends at the least squares weights: a refit adds nothing."""
    w, H = LAYER.W[:, 0].copy(), rivals.gram(LAYER.X)
    G = np.linalg.inv(H)
    for n in (3, 1, 7):
        w -= w[n] / G[n, n] * G[:, n]
        G -= np.outer(G[:, n], G[n]) / G[n, n]
    w[[3, 1, 7]] = 0
    U = LAYER.W[:, :1].copy()
    U[[3, 1, 7]] = 0
    layer = replace(LAYER, W=LAYER.W[:, :1])
    assert np.allclose(rivals.least_squares(layer, U)[:, 0], w, atol=1e-3)
    for W in rivals.obs(LAYER, [30, 9]):
        assert np.allclose(rivals.least_squares(LAYER, W), W)


def test_sparsegpt_in_one_block_by_hand(monkeypatch):
    monkeypatch.setattr(rivals, "BLOCK", 9)
    W = rivals.sparsegpt(LAYER, [30])[0]
    U = cholesky(np.linalg.inv(rivals.gram(LAYER.X)))
    stays = rivals.top((LAYER.W[:-1] / np.diag(U)[:-1, None]) ** 2, 30)
    by_hand = LAYER.W.copy()
    for n in range(9):
        for m in range(5):
            if not stays[n, m]:
                by_hand[n + 1 :, m] -= U[n, n + 1 :] * by_hand[n, m] / U[n, n]
                by_hand[n, m] = 0
    assert np.allclose(W, by_hand)
    naive = np.vstack([np.where(stays, LAYER.W[:-1], 0), LAYER.W[-1:]])
    errors = [np.linalg.norm((V - LAYER.W).T @ LAYER.X) for V in (W, naive)]
    assert errors[0] < errors[1]


def test_refit_never_raises_the_error_on_z():
    for name, method in METHODS.items():
        W = method(LAYER, [20])[0]
        before, after = (
            np.linalg.norm(V.T @ LAYER.X - LAYER.Z) for V in (W, rivals.least_squares(LAYER, W))
        )
        assert after <= before * (1 + 1e-9), name


def test_reweighting_shrinks_large_weights_less():
    plain = rivals.net_trim_neurons(LAYER, [25])[0]
    again = rivals.net_trim_reweighted(LAYER, [25])[0]
    lost = [np.linalg.norm(V.T @ LAYER.X - LAYER.Z) for V in (plain, again)]
    assert lost[1] < lost[0]


@pytest.fixture(scope="module")
def spiral():
    data = datasets.spirals(np.random.default_rng(0), 200, turns=0.5)
    net = nettrim.train(np.random.default_rng(1), data, (12, 10), epochs=400, alpha=1e-3).network
    return net, data


def test_the_table_is_at_equal_sparsity_and_repeatable(spiral):
    net, data = spiral
    fast = {name: RIVALS[name] for name in ("magnitude", "obs", "sparsegpt")}
    rows = compare(net, data, (0.0, 0.5), methods=fast)
    assert len(rows) == 3 * 2 * 2 and rows == compare(net, data, (0.0, 0.5), methods=fast)
    for row in rows:
        assert 0 <= row.accuracy <= 1
        assert row.share - 1e-2 <= row.zeros < row.share + 0.25
        if row.share == 0:
            assert row.change < 1e-2
    change = {(r.method, r.refit): r.change for r in rows if r.share == 0.5}
    assert change["obs", ""] == pytest.approx(change["obs", "least-squares"])
    assert change["magnitude", "least-squares"] < change["magnitude", ""]


def made_up(half, accuracy):
    """Rows with an accuracy for every candidate, on two data sets and three trainings."""
    return [
        {"data": d, "half": half, "trial": t, "share": 0.5, "method": m, "refit": r, "accuracy": a}
        for d in pruning.SIZES
        for t in range(3)
        for (m, r), a in accuracy.items()
    ]


def test_the_choice_sees_the_choosing_half_alone():
    flat = dict.fromkeys(pruning.CANDIDATES, 0.5)
    for which in pruning.CANDIDATES:
        assert pruning.best(made_up("choose", {**flat, which: 0.6})) == which
    assert pruning.best(made_up("choose", {**flat, ("obs", ""): 0.9})) in pruning.CANDIDATES
    report = made_up("report", flat)
    for rows in (report, made_up("choose", flat) + report[-1:]):
        with pytest.raises(ValueError, match="must be of the half 'choose' alone"):
            pruning.best(rows)


def test_gains_are_of_the_same_trainings():
    one, other = pruning.CANDIDATES[:2]
    rows = made_up("report", {one: 0.6, other: 0.5})
    for row in rows:
        row["accuracy"] += 0.1 * row["trial"]  # lucky trainings, for both
    assert np.allclose(pruning.gains(rows, one, other), 0.1)
    assert pruning.gains(rows, other, one).shape == (6,)


def test_the_halves_have_no_image_in_common():
    seen = {}
    for half in pruning.HALVES:
        first, again = (pruning.digits(np.random.default_rng(s), half) for s in (0, 1))
        assert first.X.shape == (64, pruning.SAMPLES) and not np.array_equal(first.X, again.X)
        seen[half] = [np.hstack([d.X, d.X_test]).T for d in (first, again)]
        one, other = (sorted(map(tuple, images)) for images in seen[half])
        assert one == other  # always the same images
    choose, report = (set(map(tuple, seen[half][0])) for half in pruning.HALVES)
    assert len(choose & report) <= 2  # a few drawings look alike to the pixel
    assert sum(len(seen[half][0]) for half in pruning.HALVES) == 1797


def test_stored_rows_are_of_both_halves_and_the_choice_stands():
    choosing, reporting = (
        experiments.collect(sweep, ROOT / "notebooks" / "results")
        for sweep in (pruning.CHOICE, pruning.REPORT)
    )
    assert {row["half"] for row in choosing} == {"choose"}
    assert {row["half"] for row in reporting} == {"report"}
    winner, published = pruning.best(choosing), ("net-trim", "")
    assert winner in pruning.CANDIDATES and winner != published
    gain = pruning.gains(reporting, winner, published)
    assert gain.size == 10 and gain.mean() > 2 * gain.std(ddof=1) / np.sqrt(10)


BAD = {
    "share": ({"shares": [1.0]}, "shares must be >= 0 and < 1"),
    "shares": ({"shares": 0.5}, "shares must be a sequence"),
    "refits": ({"refits": ["x"]}, "refits must be one of"),
    "network": ({"network": None}, "network must be"),
    "data": ({"data": None}, "X must"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case, spiral):
    change, message = BAD[case]
    call = {"network": spiral[0], "data": spiral[1], "shares": [0.5], "methods": {}, **change}
    with pytest.raises(ValueError, match=message):
        compare(**call)


# Two recent methods -------------------------------------------------------------------------------


def error(layer, W):
    return np.linalg.norm((W - layer.W).T @ layer.X)


def supports(layer, keep):
    """The least error of all sets of `keep` weights of a single neuron, by trying them all."""
    N = len(layer.W) - 1
    tries = []
    for places in combinations(range(N), keep):
        U = layer.W.copy()
        U[np.setdiff1d(np.arange(N), places)] = 0
        tries.append(error(layer, rivals.least_squares(layer, U)))
    return min(tries)


@pytest.mark.parametrize("name", RECENT)
def test_recent_methods_keep_what_was_asked_for(name):
    for keep, W in zip((45, 30, 9, 1), RECENT[name](LAYER, (45, 30, 9, 1)), strict=True):
        assert np.count_nonzero(W[:-1]) == keep and np.all(np.isfinite(W))
        if keep == 45:
            assert np.allclose(W, LAYER.W, atol=1e-3)


def test_recent_methods_beside_brute_force():
    """12 neurons of 8 inputs, 4 kept: never below the best of all 70 supports, often on it."""
    ratios = {name: [] for name in RECENT}
    for seed in range(12):
        layer = trained_layer(seed, N=8, M=1)
        best = supports(layer, 4)
        for name, method in RECENT.items():
            W = rivals.least_squares(layer, method(layer, [4])[0])
            ratios[name].append(error(layer, W) / best)
    for name, found in ratios.items():
        assert min(found) >= 1 - 1e-9, name
        assert np.sum(np.array(found) <= 1.2) >= 8, (name, found)


def test_fista_meets_the_optimality_conditions():
    """0 in the subdifferential of 1/2 |W'X - Z|^2 + lambda |W|_1; and the gap of its dual."""
    lam = 20.0
    W = recent.fista(LAYER, lam, LAYER.W)
    slope = LAYER.X @ LAYER.X.T @ (W - LAYER.W)
    on = W[:-1] != 0
    assert np.allclose(slope[:-1][on], -lam * np.sign(W[:-1][on]), atol=1e-2)
    assert np.abs(slope[:-1]).max() <= lam * (1 + 1e-3) and np.abs(slope[-1]).max() < 1e-2
    residual = LAYER.Z - W.T @ LAYER.X  # max over nu of <nu, Z> - |nu|^2 / 2, |X nu'| <= lambda
    residual -= residual.mean(axis=1, keepdims=True)  # the bias is free
    nu = residual * min(1.0, lam / np.abs(LAYER.X[:-1] @ residual.T).max())
    dual = np.sum(nu * LAYER.Z) - np.sum(nu**2) / 2
    primal = error(LAYER, W) ** 2 / 2 + lam * np.abs(W[:-1]).sum()
    assert 0 <= primal - dual <= 1e-3 * primal


def test_alps_ends_at_least_squares_weights_and_beats_its_start():
    for keep in (30, 15, 9):
        W = recent.alps(LAYER, [keep])[0]
        assert np.allclose(rivals.least_squares(LAYER, W), W)
        scaled = np.abs(LAYER.W[:-1]) * np.linalg.norm(LAYER.X[:-1], axis=1)[:, None]
        start = rivals.least_squares(LAYER, rivals.largest(LAYER.W, scaled, keep))
        assert error(LAYER, W) <= error(LAYER, start) * (1 + 1e-9)


def test_moves_are_the_mean_and_the_worst():
    before, after = np.ones((2, 4)), np.ones((2, 4))
    after[:, 1] = 2
    change, worst = pruning_today.moves(before, after)
    assert change == pytest.approx(0.5) and worst == pytest.approx(1.0)


def test_stored_rows_on_three_kinds_of_network():
    """All methods, refits and shares, on three seeds; and what the lesson says of them."""
    TODAY, folder = pruning_today.TODAY, ROOT / "notebooks" / "results"
    rows = experiments.collect(TODAY, folder)
    methods = {*RIVALS, *RECENT}
    cells = {(r["data"], r["method"], r["refit"], r["share"], r["trial"]) for r in rows}
    assert len(rows) == len(cells) == 3 * len(methods) * 2 * 3 * 3
    assert {r["method"] for r in rows} == methods
    assert all(r["worst"] >= r["change"] > 0 for r in rows)
    codes = {
        e["code"]
        for e in experiments.provenance(pruning_today.TODAY, ROOT / "notebooks" / "results")
        if e["jobs"]
    }
    assert codes == {experiments.fingerprint(pruning_today.table)}


def test_a_stored_network_is_made_again():
    """The bed of one job, without PyTorch, and its cheapest rows."""
    TODAY = pruning_today.TODAY
    rows = experiments.collect(TODAY, ROOT / "notebooks" / "results")
    stored = next(r for r in rows if r["data"] == "cancer" and r["trial"] == 0)
    bed = pruning_today.bed(TODAY.rng({"data": "cancer"}, 0), "cancer")
    before = bed.answers(bed.model, bed.test)
    assert pruning_today.accuracy(before, bed.labels) == pytest.approx(stored["trained"])
    layers = [Trained(bed.model.seen(k)[0][0], bed.model.weights(k)[0]) for k in range(2)]
    Ws = [rivals.magnitude(layer, [round(0.5 * layer.W[:-1].size)])[0] for layer in layers]
    change, _ = pruning_today.moves(before, bed.answers(bed.fork(Ws), bed.test))
    assert stored["method"] == "magnitude" and change == pytest.approx(stored["change"], rel=1e-3)
