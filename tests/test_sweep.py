"""The runner of sweeps: the same rows from one worker or many, after a crash, in a larger grid."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config

from kit.experiments import (
    Sweep,
    collect,
    fingerprint,
    provenance,
    resolve,
    run,
    success_rate,
    values,
)


def noisy(rng, L, S, method="a"):
    """A number from the job's stream; the method adds what is its own."""
    return {"error": rng.random() + {"a": 0, "b": 1}[method], "even": bool(L % 2 == 0)}


def slow(rng, L, S):
    time.sleep(0.05)
    return {"error": rng.random()}


def several(rng, L):
    return [{"error": value, "instance": k} for k, value in enumerate(rng.random(3))]


def fragile(rng, L, flag):
    """Fails where the file `flag` does not exist yet and L = 2."""
    if L == 2 and not Path(flag).exists():
        raise ZeroDivisionError("no flag")
    return {"error": float(rng.random())}


SMALL = Sweep("small", 1, noisy, {"L": (1, 2, 3), "S": (1, 2)}, trials=2)


def lines(sweep, folder):
    return [line for line in sweep.file(folder).read_text().split("\n") if line]


def test_rows_hold_the_cell_the_trial_and_the_result(tmp_path):
    rows = run(SMALL, tmp_path, n_jobs=1, progress=False)
    assert [(r["L"], r["S"], r["trial"]) for r in rows[:3]] == [(1, 1, 0), (1, 1, 1), (1, 2, 0)]
    assert len(rows) == 12 and len({row["error"] for row in rows}) == 12
    assert rows == collect(SMALL, tmp_path)


def test_the_stream_is_made_from_the_name_of_the_job():
    cell = {"L": 1, "S": 2}
    first = SMALL.rng(cell, 0).random(3)
    assert np.array_equal(first, SMALL.rng({"S": 2, "L": 1}, 0).random(3))
    others = ((SMALL, 1, cell), (SMALL, 0, {"L": 2, "S": 1}), (replace(SMALL, seed=1), 0, cell))
    for other in (sweep.rng(where, trial) for sweep, trial, where in others):
        assert not np.array_equal(first, other.random(3))


def test_paired_axes_see_the_same_instance(tmp_path):
    grid = {"L": (1, 2), "S": (1,), "method": ("a", "b")}
    paired = Sweep("paired", 1, noisy, grid, trials=3, paired=("method",))
    apart = Sweep("apart", 1, noisy, grid, trials=3)
    for sweep, same in ((paired, True), (apart, False)):
        rows = run(sweep, tmp_path, n_jobs=1, progress=False)
        a, b = ([r["error"] for r in rows if r["method"] == m] for m in "ab")
        assert np.allclose(np.subtract(b, a), 1) == same


@pytest.mark.parametrize(
    "larger", [{"L": (1, 2, 3, 4), "S": (2, 1)}, {"S": (1, 2), "L": (3, 2, 1)}]
)
def test_a_larger_grid_reuses_what_is_there(tmp_path, larger):
    small = run(SMALL, tmp_path, n_jobs=1, progress=False)
    before = lines(SMALL, tmp_path)
    big = run(replace(SMALL, grid=larger, trials=3), tmp_path, n_jobs=1, progress=False)
    after = lines(SMALL, tmp_path)
    assert after[: len(before)] == before and len(after) == len(big) + 2  # two runs, two headers
    assert all(row in big for row in small)
    assert big == run(replace(SMALL, grid=larger, trials=3), tmp_path / "new", 1, progress=False)


def test_what_is_done_is_not_done_again(tmp_path):
    run(SMALL, tmp_path, n_jobs=1, progress=False)
    before = SMALL.file(tmp_path).read_bytes()
    run(SMALL, tmp_path, n_jobs=1, progress=False)
    assert SMALL.file(tmp_path).read_bytes() == before


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_torn_last_line_costs_one_trial(tmp_path, cut):
    rows = run(SMALL, tmp_path, n_jobs=1, progress=False)
    file = SMALL.file(tmp_path)
    file.write_bytes(file.read_bytes()[:-cut])
    assert len(collect(SMALL, tmp_path)) == len(rows) - 1
    assert run(SMALL, tmp_path, n_jobs=1, progress=False) == rows
    assert provenance(SMALL, tmp_path)[-1]["jobs"] == 1


def test_failures_are_recorded_tried_again_and_never_results(tmp_path):
    flag = tmp_path / "flag"
    sweep = Sweep("fragile", 1, fragile, {"L": (1, 2), "flag": (str(flag),)}, trials=2)
    with pytest.warns(RuntimeWarning, match="2 of 4 jobs .* ZeroDivisionError: no flag"):
        rows = run(sweep, tmp_path, n_jobs=1, progress=False)
    assert [row["L"] for row in rows] == [1, 1]
    assert sum("failed" in json.loads(line) for line in lines(sweep, tmp_path)) == 2
    flag.touch()
    rows = run(sweep, tmp_path, n_jobs=1, progress=False)
    assert [row["L"] for row in rows] == [1, 1, 2, 2]
    assert len(lines(sweep, tmp_path)) == 2 + 4 + 2


def test_a_trial_may_return_many_rows(tmp_path):
    sweep = Sweep("several", 1, several, {"L": (1, 2)}, trials=2)
    rows = run(sweep, tmp_path, n_jobs=1, progress=False)
    assert [row["instance"] for row in rows] == [0, 1, 2] * 4
    assert len(lines(sweep, tmp_path)) == 5


def test_grids_may_be_joined_and_values_may_be_pairs(tmp_path):
    grid = (
        {"L": (1, 2), "S": ((1, 1),)},
        {"L": (2, 3), "S": ((2, 5),)},
        {"L": (1,), "S": ((1, 1),)},
    )
    sweep = Sweep("joined", 1, lambda rng, L, S: {"error": float(S == (2, 5))}, grid, trials=1)
    rows = run(sweep, tmp_path, n_jobs=1, progress=False)
    assert [(r["L"], r["S"]) for r in rows] == [(1, [1, 1]), (2, [1, 1]), (2, [2, 5]), (3, [2, 5])]
    rate = success_rate(rows, below=0.5)
    assert np.array_equal(rate, [[1, np.nan], [1, 0], [np.nan, 0]], equal_nan=True)


def test_success_is_decided_when_the_rows_are_read(tmp_path):
    rows = run(SMALL, tmp_path, n_jobs=1, progress=False)
    errors = np.array([row["error"] for row in rows]).reshape(3, 2, 2)
    for below in (0.1, 0.5, 2.0):
        assert np.array_equal(success_rate(rows, below=below), (errors < below).mean(axis=2))
    assert np.array_equal(
        success_rate(rows, by=("S", "L"), below=0.5).T, success_rate(rows, below=0.5)
    )
    assert np.array_equal(success_rate(rows, of="even", by=("L",)), [0, 1, 0])
    assert values(rows, "L") == [1, 2, 3]


def test_every_file_says_where_its_rows_come_from(tmp_path):
    run(SMALL, tmp_path, n_jobs=1, progress=False)
    (header,) = provenance(SMALL, tmp_path)
    assert header["jobs"] == 12 and header["code"] == fingerprint(noisy)
    assert header["trial"].endswith("noisy") and header["seed"] == 0
    assert header["versions"]["numpy"] == np.__version__


def test_rows_of_other_code_are_refused_and_another_version_starts_anew(tmp_path):
    run(SMALL, tmp_path, n_jobs=1, progress=False)
    other = replace(SMALL, trial=slow)
    with pytest.raises(ValueError, match="version must be raised: small-v1-s0"):
        run(other, tmp_path, n_jobs=1, progress=False)
    assert len(run(replace(other, version=2), tmp_path, 1, progress=False)) == 12
    assert SMALL.file(tmp_path) != replace(SMALL, seed=1).file(tmp_path)


def plain_trial():
    def trial(rng, L):
        return {"error": L}

    return trial


def worded_trial():
    def trial(rng, L):
        """Words."""
        return {"error": L}  # more words

    return trial


def other_trial():
    def trial(rng, L):
        return {"error": L + 1}

    return trial


def test_the_fingerprint_knows_code_from_comments():
    plain, worded, other = (fingerprint(f()) for f in (plain_trial, worded_trial, other_trial))
    assert plain == worded != other and len(plain) == 12


def scaled(rng, L, S, method="a", size=1.0):
    return {"error": size * rng.random()}


def closed_over(value):
    return lambda rng, L: {"error": value, "L": L}


def test_the_fingerprint_holds_what_a_partial_and_a_closure_were_made_with(tmp_path):
    sweep = replace(SMALL, trial=partial(scaled, size=0.1))
    run(sweep, tmp_path, n_jobs=1, progress=False)
    with pytest.raises(ValueError, match="version must be raised"):
        run(replace(sweep, trial=partial(scaled, size=5.0)), tmp_path, n_jobs=1, progress=False)
    values = [1, 1.0, "1", None, (1,), [1], {"a": 1}, np.ones(2), np.ones((2, 1)), np.zeros(2)]
    values += [plain_trial(), other_trial(), np.sin, np.cos, closed_over(1), closed_over(2), int]
    digits = [fingerprint(closed_over(value)) for value in values]
    assert len(set(digits)) == len(digits)
    assert digits == [fingerprint(closed_over(value)) for value in values]
    assert fingerprint(partial(noisy, noise=1)) != fingerprint(partial(partial(noisy, 0), noise=1))


def test_what_cannot_be_told_apart_is_refused_with_the_way_out():
    for trial in (closed_over(object()), partial(noisy, noise=iter([])), len):
        with pytest.raises(ValueError, match=r"raise `version` whenever it changes"):
            fingerprint(trial)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=rf"hold small-v1-s0\.jsonl, and {tmp_path}/small"):
        collect(SMALL, tmp_path)


def test_the_bar_counts_jobs_and_starts_where_the_file_ends(tmp_path, capsys):
    run(replace(SMALL, trials=1), tmp_path, n_jobs=1, progress=True)
    assert "6/6" in capsys.readouterr().err
    run(SMALL, tmp_path, n_jobs=1, progress=True)
    text = capsys.readouterr().err
    assert "6/12" in text and "12/12" in text
    run(SMALL, tmp_path, n_jobs=1, progress=True)
    assert capsys.readouterr().err == ""


def test_a_row_can_be_done_once_more(tmp_path):
    rows = run(SMALL, tmp_path, n_jobs=1, progress=False)
    assert resolve(SMALL, rows[5]) == [rows[5]]
    with pytest.raises(ValueError, match="row must belong to a job"):
        resolve(SMALL, {**rows[5], "L": 99})


# Many workers, and crashes ------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_rows_from_two_workers_and_from_a_cluster(tmp_path):
    distributed = pytest.importorskip("distributed")
    sweep = replace(SMALL, trials=40)
    rows = run(sweep, tmp_path / "one", n_jobs=1, progress=False)
    assert run(sweep, tmp_path / "two", n_jobs=2, progress=False) == rows
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(host="127.0.0.1", **settings) as cluster,
        distributed.Client(cluster),
        parallel_config(backend="dask"),
    ):
        assert run(sweep, tmp_path / "dask", progress=False) == rows
    files = [sorted(lines(sweep, tmp_path / name)) for name in ("one", "two", "dask")]
    assert files[0] == files[1] == files[2]


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_same_rows_after_a_kill_in_the_middle(tmp_path, n_jobs):
    sweep = Sweep("slow", 1, slow, {"L": tuple(range(20)), "S": (1,)}, trials=2)
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); import test_sweep as t; "
        "t.run(t.Sweep('slow', 1, t.slow, {'L': tuple(range(20)), 'S': (1,)}, trials=2),"
        f" sys.argv[1], n_jobs={n_jobs}, progress=False)"
    )
    folder = str(Path(__file__).parent)
    command = [sys.executable, "-c", code, str(tmp_path), folder]
    process = subprocess.Popen(command, start_new_session=True)
    file, end = sweep.file(tmp_path), time.monotonic() + 60
    while (not file.exists() or len(lines(sweep, tmp_path)) < 6) and time.monotonic() < end:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    there = len(lines(sweep, tmp_path)) - 1
    assert 5 <= there < 40
    rows = run(sweep, tmp_path, n_jobs=1, progress=False)
    assert len(rows) == 40 and provenance(sweep, tmp_path)[-1]["jobs"] >= 40 - there
    assert rows == run(sweep, tmp_path / "whole", n_jobs=2, progress=False)
