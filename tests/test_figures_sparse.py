"""Figures of lesson 15: their facts, recomputed or turned round; the window of prices."""

from pathlib import Path

import numpy as np
import pytest

from kit import branchhull
from kit.branchhull import BranchHull
from kit.course.drawing import png
from kit.course.figures import sparse as figures
from kit.experiments import collect
from kit.experiments.sparse import PUBLISHED, PUBLISHED_FIRST, PUBLISHED_NOISE, window
from kit.experiments.trials import PAPER

RESULTS = Path(__file__).parents[1] / "notebooks" / "results"


@pytest.fixture(scope="module")
def grid():
    return collect(PAPER["l1-grid"], RESULTS)


def test_the_grid_compares_cell_by_cell(grid):
    _, facts = figures.grid(grid)
    assert facts["published cells"] == 165
    assert facts["exact count higher"] + facts["equal"] + facts["lower"] == 165
    assert facts["exact count higher"] >= 10 * facts["lower"] and facts["largest shortfall"] <= 2
    cell = [row["recovered"] for row in grid if (row["S"], row["L"]) == (10, 100)]
    assert sum(cell) > PUBLISHED[100][9]
    never = [{**row, "recovered": False} for row in grid]
    _, facts = figures.grid(never)
    assert facts["exact count higher"] == 0 and facts["least count above the line"] == 0
    assert facts["lower"] == sum(count > 0 for counts in PUBLISHED.values() for count in counts)
    assert facts["largest shortfall"] == 10


def test_first_lengths_are_those_of_the_rows(grid):
    _, facts = figures.first_lengths(grid)
    for S in (1, 7, 15):
        rate = {
            L: np.mean([row["recovered"] for row in grid if (row["S"], row["L"]) == (S, L)])
            for L in range(4, 141, 4)
        }
        assert facts["exact"][S - 1] == min(L for L in rate if rate[L] >= 0.5)
    assert facts["published"] == list(PUBLISHED_FIRST) and facts["of"] == 14
    # the same table, where its rows were published in full
    for S, L in enumerate(PUBLISHED_FIRST, start=1):
        if L in PUBLISHED:
            assert PUBLISHED[L][S - 1] >= 5
    constant = facts["exact"][14] / (30 * np.log(600) ** 2)
    assert facts["constant at the largest S"] == pytest.approx(constant)
    later = [{**row, "recovered": row["recovered"] and row["L"] > 100} for row in grid]
    assert figures.first_lengths(later)[1]["exact is no later in"] < 6


def test_the_noise_curve_stands_beside_the_published_one():
    rows = collect(PAPER["l1-noise"], RESULTS)
    _, facts = figures.noise_curve(rows)
    assert facts["trials each"] == 10 and facts["largest difference"] < 3
    assert facts["slope"] == pytest.approx(facts["published slope"], rel=0.05)
    assert facts["bound over error, least"] > 500
    twice = [{**row, "error": 2 * row["error"]} for row in rows]
    _, other = figures.noise_curve(twice)
    assert other["slope"] == pytest.approx(2 * facts["slope"])
    assert other["bound over error, least"] == pytest.approx(facts["bound over error, least"] / 2)
    assert other["largest difference"] > 5 and max(PUBLISHED_NOISE) == 0.8


def test_prices_state_shares():
    rows = collect(PAPER["l1-outliers"], RESULTS)
    _, facts = figures.prices(rows)
    assert facts["0 outliers"] == (1.0, 0.0, 1.0, 1.0)
    assert facts["1 outlier"][0] == facts["2 outliers"][0] == 0 and facts["2 outliers"][2] >= 0.9
    mine = [row["error"] for row in rows if (row["outliers"], row["lam"]) == (4, 3.0)]
    assert facts["4 outliers"][3] == pytest.approx(np.mean(np.array(mine) < 1e-4))
    assert any(row["infeasible"] for row in rows if row["lam"] == 0)
    assert all(row["error"] == 1 for row in rows if row["infeasible"])


# The window of prices, and the explorer ----------------------------------------------------------


def error(data, truth, lam):
    answer = branchhull.solve(BranchHull(data, "l1", lam=lam))
    h, m = branchhull.balance(answer.h, answer.m, "l1")
    return branchhull.recovery_error(h, m, truth, "l1")


@pytest.mark.parametrize(("outliers", "seed"), [(0, 2), (2, 0), (4, 2), (6, 0)])
def test_the_window_is_where_the_solver_finds_the_truth(outliers, seed):
    data, truth = figures.instance(outliers=outliers, seed=seed)
    low, high = window(data, truth)
    assert low > np.abs(truth.m).sum() / np.abs(data.C @ truth.m).sum()
    assert error(data, truth, 1.05 * low) < 1e-5 < 1e-3 < error(data, truth, 0.95 * low)
    if outliers:
        assert error(data, truth, 0.95 * high) < 1e-5 < 1e-3 < error(data, truth, 1.05 * high)
    else:
        assert high == np.inf and error(data, truth, 1e3) < 1e-5


def test_the_window_does_not_depend_on_the_truths_scale_and_may_be_none():
    data, truth = figures.instance(outliers=2)
    other = window(data, type(truth)(8 * truth.h, truth.m / 8))
    assert other == pytest.approx([end / 1 for end in window(data, truth)], rel=1e-6)
    data, truth = figures.instance(outliers=2, seed=3)
    assert window(data, truth) is None
    assert min(error(data, truth, lam) for lam in (0.2, 0.3, 0.5, 1.0, 3.0, 10.0)) > 1e-4


def test_the_window_refuses():
    data, truth = figures.instance()
    for wrong, words in (
        (type(truth)(-truth.h, truth.m), "truth must have the signs"),
        (type(truth)(truth.h[1:], truth.m), "truth must have the shape"),
    ):
        with pytest.raises(ValueError, match=words):
            window(data, wrong)
    zero = type(data)(data.B, data.C, np.r_[0, data.y[1:]], data.signs)
    with pytest.raises(ValueError, match="data must have no y = 0"):
        window(zero, truth)


def test_play_tells_what_the_slack_does():
    figure, facts = figures.play()
    assert facts["status"] == "solved" and facts["error of the directions"] == "below 1e-6"
    assert facts["gap below 1e-7"] and facts["outliers among the largest slacks"] == "2 of 2"
    assert facts["cost of h"] == pytest.approx(facts["cost of m and slack"], rel=1e-9)
    assert png(figure) == png(figures.play()[0]) != png(figures.play(lam=0.1)[0])
    low, high = map(float, facts["the truth is a minimiser for lam"].split(" to "))
    for lam in (0.9 * low, 1.1 * high):
        assert figures.play(lam=lam)[1]["error of the directions"] > 1e-3
    assert figures.play(slack=False)[1]["error of the directions"] > 0.5
    loud = figures.play(noise=0.3, outliers=0)[1]
    assert 1e-3 < loud["error of the directions"] < 0.1
    assert "the truth is a minimiser for lam" not in loud


def test_play_says_when_nothing_is_feasible():
    _, facts = figures.play(outliers=8, slack=False)
    assert facts["status"] == "infeasible" and facts["proof"].startswith("no m gives C m")
    assert "error of the directions" not in facts
    for bad, words in (({"lam": 0}, "lam"), ({"noise": -1}, "noise"), ({"outliers": 121}, "out")):
        with pytest.raises(ValueError, match=f"^{words}"):
            figures.play(**bad)
