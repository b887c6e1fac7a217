"""An experiment is data: what is tried (a function), where (a grid), how often; one runner for all.

    LAW = Sweep("bh-l2-law", version=1, trial=trials.l2_recovery,
                grid={"K": (5, 10), "N": (5,), "L": (16, 24)}, trials=200)
    rows = run(LAW, "results")            # resumes what is there, writes every row as it comes
    success_rate(rows, by=("L", "K"))     # errors become verdicts only here

A job is one cell of the grid and the number of the trial. Its random stream is made from the job's
name, default_rng([seed, *sha256(job)]), and not from its place in a loop: the rows are the same
from one worker or many, after a crash, and in a larger grid. Axes in `paired`, such as a method,
stay out of the name, so that all methods meet the same instance.

The file results/NAME-vVERSION-sSEED.jsonl has a line for each job (rows.py). A trial that raises
leaves a line too, is tried again by the next run, and is never a result.
"""

import hashlib
import itertools
import json
import platform
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version as installed
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import ThreadpoolController
from tqdm.auto import tqdm

from kit.arguments import generator, instance, number, several, shown, whole, workers
from kit.experiments.rows import Row, hashable, name_of, plain, read, rows_in, values, write
from kit.experiments.trial_code import fingerprint

PACKAGES = ("branch-kit", "numpy", "scipy", "cvxpy", "clarabel")


@dataclass(frozen=True)
class Sweep:
    """What is tried, where and how often.

    name     of the file of rows: lower case letters, digits and hyphens
    version  raise it when the trial changes what it measures: old rows are then left behind
    trial    (rng, **cell) -> row, a dictionary of numbers, flags and words; or a list of such rows,
             where one job solves many instances at once
    grid     axis -> its values (numbers, words, short tuples); or a sequence of such grids
    trials   jobs for each cell of the grid
    seed     of all random streams
    paired   axes that the random stream does not depend on

    Sweeps with the same name, version and seed share their rows: a small sweep reads what a large
    one has left. Raises ValueError, in one sentence, for what is not as above.
    """

    name: str
    version: int
    trial: Callable[..., Row | list[Row]]
    grid: Mapping[str, Iterable] | Iterable[Mapping[str, Iterable]]
    trials: int
    seed: int = 0
    paired: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and re.fullmatch(r"[a-z0-9][a-z0-9-]*", self.name)):
            raise ValueError(
                f"name must be lower case letters, digits and hyphens, got {shown(self.name)}"
            )
        if not callable(self.trial):
            raise ValueError(f"trial must be a function, got {shown(self.trial)}")
        grids = [self.grid] if isinstance(self.grid, Mapping) else several("grid", self.grid)
        grids = tuple(_read_grid(grid) for grid in grids)
        if not grids:
            raise ValueError("grid must have at least one axis, got none")
        axes = {name for grid in grids for name in grid}
        paired = several("paired", self.paired)
        for name in paired:
            if not isinstance(name, str) or name not in axes:
                raise ValueError(
                    f"paired must name axes of the grid {sorted(axes)}, got {shown(name)}"
                )
        for name, least in (("version", 1), ("trials", 1), ("seed", 0)):
            object.__setattr__(self, name, whole(name, getattr(self, name), least=least))
        object.__setattr__(self, "grid", grids)
        object.__setattr__(self, "paired", paired)

    def cells(self) -> list[Row]:
        """Every cell of the grids once."""
        cells = [
            dict(zip(grid, choice, strict=True))
            for grid in self.grid
            for choice in itertools.product(*grid.values())
        ]
        return list({name_of(cell): cell for cell in cells}.values())

    def jobs(self) -> list[tuple[Row, int]]:
        """Every (cell, trial) once; all cells get their first trial before any gets its second."""
        cells = self.cells()
        return [(cell, trial) for trial in range(self.trials) for cell in cells]

    def rng(self, cell: Row, trial: int) -> np.random.Generator:
        """The random stream of a job: default_rng([seed, *sha256(its name without `paired`)])."""
        kept = {axis: value for axis, value in cell.items() if axis not in self.paired}
        digest = hashlib.sha256(name_of(kept, trial).encode()).digest()
        return np.random.default_rng([self.seed, *digest])

    def file(self, folder: Path | str) -> Path:
        """Where the rows are, in a folder."""
        if not isinstance(folder, str | Path):
            raise ValueError(f"folder must be a path, got {shown(folder)}")
        return Path(folder) / f"{self.name}-v{self.version}-s{self.seed}.jsonl"


def run(sweep: Sweep, folder: Path | str, n_jobs: int = -1, progress: bool = True) -> list[Row]:
    """Do the jobs that the folder's file does not hold yet; return the rows of all of them.

    n_jobs    workers of joblib (-1: all). Inside `joblib.parallel_config(backend="dask")` they are
              those of a Dask cluster. Short jobs travel in batches, which joblib sizes by itself
    progress  show a bar (tqdm.auto), which moves as jobs end

    A row is {**cell, "trial": k, **what the trial returned}, in the order of the grid. Failed jobs
    have none: a RuntimeWarning counts them. Raises ValueError for bad arguments, and if the
    rows in the file were made by other code (`fingerprint`).
    """
    instance("sweep", sweep, Sweep)
    path = sweep.file(folder)
    workers("n_jobs", n_jobs)
    done, _, headers = read(path)
    code = fingerprint(sweep.trial)
    for header in headers:
        if header["jobs"] and header["code"] != code:
            raise ValueError(
                f"version must be raised: {path.name} holds rows of other code for "
                f"{header['trial']} ({header['code']}, now {code})"
            )
    jobs = sweep.jobs()
    todo = [(cell, k) for cell, k in jobs if name_of(cell, k) not in done]
    if todo:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            write(file, _header(sweep, code))
            results = Parallel(n_jobs, return_as="generator_unordered")(
                delayed(_do)(sweep.trial, sweep.rng(cell, k), cell, k) for cell, k in todo
            )
            bar = {"desc": sweep.name, "total": len(jobs), "initial": len(jobs) - len(todo)}
            for line in tqdm(results, **bar, disable=not progress):
                write(file, line)
    return collect(sweep, folder)


def collect(sweep: Sweep, folder: Path | str) -> list[Row]:
    """The rows that are there, without running anything; as `run` returns them.

    A RuntimeWarning tells how many jobs failed, with the first failure. Raises ValueError if the
    sweep has no file there.
    """
    instance("sweep", sweep, Sweep)
    path = sweep.file(folder)
    if not path.exists():
        raise ValueError(f"folder must hold {path.name}, and {path.absolute()} is not there")
    done, failed, _ = read(path)
    jobs = {name_of(cell, k): (cell, k) for cell in sweep.cells() for k in range(sweep.trials)}
    failures = [failed[name] for name in jobs if name in failed]
    if failures:
        warnings.warn(
            f"{len(failures)} of {len(jobs)} jobs of {sweep.name} failed, the first with "
            f"{failures[0]}; they are no results, and the next run tries them again.",
            RuntimeWarning,
            stacklevel=2,
        )
    return [
        {**cell, "trial": k, **row}
        for name, (cell, k) in jobs.items()
        for row in done.get(name, ())
    ]


def provenance(sweep: Sweep, folder: Path | str) -> list[Row]:
    """Where the rows come from: one entry for every run that added rows, oldest first.

    Each tells the sweep, version, seed, trial function, its `fingerprint`, the versions of Python
    and of the packages, and how many jobs the run got done.
    """
    return read(instance("sweep", sweep, Sweep).file(folder))[2]


def resolve(sweep: Sweep, row: Row) -> list[Row]:
    """Do the job that a row came from once more: the rows of that job, as they are now.

    Raises ValueError if the row belongs to no job of the sweep, or to one that fails now.
    """
    instance("sweep", sweep, Sweep)
    instance("row", row, Mapping)
    for cell, trial in sweep.jobs():
        if row.get("trial") == trial and all(row.get(axis) == cell[axis] for axis in cell):
            line = _do(sweep.trial, sweep.rng(cell, trial), cell, trial)
            if "failed" in line:
                raise ValueError(f"row must be of a job that works, this one: {line['failed']}")
            line = json.loads(json.dumps(line, default=plain))
            return [{**cell, "trial": trial, **new} for new in rows_in(line)]
    raise ValueError(f"row must belong to a job of {sweep.name}, got {shown(dict(row))}")


def recheck(
    sweep: Sweep,
    rows: list[Row],
    rng: np.random.Generator,
    *,
    of: str,
    jobs: int = 3,
    floor: float = 1e-6,
) -> list[str]:
    """Do some random jobs again; a sentence for each whose stored row[of] is not what comes out.

    rows  as `collect` returns them, or some of them
    of    the number or flag to compare. Numbers agree to 1e-3 of themselves plus floor: other
          computers round otherwise, and solvers stop at other points within their tolerance

    An empty list says that the rows looked at are neither altered nor stale.
    """
    values(rows, of)
    floor = number("floor", floor, least=0)
    sentences = []
    for k in generator(rng).permutation(len(rows))[: whole("jobs", jobs, least=1)]:
        job = {axis: rows[k][axis] for axis in (*sweep.grid[0], "trial")}
        old = [row[of] for row in rows if all(row[axis] == job[axis] for axis in job)]
        new = [row[of] for row in resolve(sweep, rows[k])]
        if len(old) != len(new) or not np.allclose(old, new, rtol=1e-3, atol=floor):
            sentences.append(f"{sweep.name} {job}: {of} was {shown(old)} and is {shown(new)}")
    return sentences


# One job, and the lines of the file ---------------------------------------------------------------


@lru_cache(1)
def _threads() -> ThreadpoolController:
    return ThreadpoolController()  # looks at every library that is loaded: once a worker


def _do(trial: Callable, rng: np.random.Generator, cell: Row, k: int) -> Row:
    """The line of one job: its cell, trial, and what came of it. One BLAS thread a worker."""
    line: Row = {"cell": cell, "trial": k}
    try:
        with _threads().limit(limits=1):
            result = trial(rng, **{axis: hashable(value) for axis, value in cell.items()})
        many = isinstance(result, list)
        for row in result if many else [result]:
            if not isinstance(row, dict) or set(row) & {*cell, "trial"}:
                raise TypeError(f"a trial must return rows without the axes, got {shown(row)}")
        json.dumps(result, default=plain)
    except Exception as problem:
        return {**line, "failed": f"{type(problem).__name__}: {problem}"}
    return {**line, "rows" if many else "row": result}


def _header(sweep: Sweep, code: str) -> Row:
    trial = f"{sweep.trial.__module__}.{getattr(sweep.trial, '__qualname__', 'trial')}"
    versions = {"python": platform.python_version(), **{name: installed(name) for name in PACKAGES}}
    named = {"sweep": sweep.name, "version": sweep.version, "seed": sweep.seed, "trial": trial}
    return {**named, "paired": sweep.paired, "code": code, "versions": versions}


def _read_grid(grid: object) -> dict[str, list]:
    """Axis -> list of values as JSON gives them back."""
    if not isinstance(grid, Mapping) or not grid:
        raise ValueError(f"grid must map axes to their values, got {shown(grid)}")
    axes = {}
    for axis, choices in grid.items():
        if not (isinstance(axis, str) and axis.isidentifier()) or axis in ("rng", "trial"):
            raise ValueError(f"grid axes must be names of the trial's arguments, got {axis!r}")
        try:
            axes[axis] = json.loads(json.dumps(list(several(axis, choices)), default=plain))
        except (TypeError, ValueError):
            raise ValueError(
                f"grid {axis} must be a sequence of numbers, words or tuples, got {shown(choices)}"
            ) from None
        if not axes[axis]:
            raise ValueError(f"grid {axis} must have at least one value, got none")
    return axes
