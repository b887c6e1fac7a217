"""What the local methods share: where they start, the loop over starts, a report without proof.

A local method walks downhill on the non-convex misfit

    f(h, m) = |y - (B h) o (C m)|_2^2

from a start, and ends where it ends. It stops at a relative residual |y - w o x| / |y| <= tol.
That is no proof: another (h, m) may explain y as well, and a residual that stays large does not
say that none does. So its certificate has lower = -inf, and its status is never SOLVED:

    STOPPED   the residual reached tol, or the caller's callback asked for it
    MAX_ITER  the iteration limit of the best start
    FAILED    the residual no longer falls: a local minimum, a saddle, or noise

Starts (w o x is scaled by its best multiple <y, w o x> / |w o x|^2 in each case):

    "spectral"  leading singular pair of B' diag(y) C = sum y_l b_l c_l'. For Gaussian rows its mean
                is a multiple of h m'. It needs no signs.
    "signs"     h = Bt' sqrt d, m = Ct' sqrt d in canonical form: what the known signs say (derived)
    "random"    standard normal h and m

Sources: the spectral start is that of Li, Ling, Strohmer and Wei, arXiv 1606.04933.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kit.arguments import called, choice, generator, number, whole
from kit.branchhull.candidates import NO_PROOF
from kit.branchhull.certificate import certify
from kit.branchhull.data.signals import balance
from kit.branchhull.problem import Bilinear, BranchHull, canonical, with_entries
from kit.iterate import drive
from kit.results import Array, Recovered, Report, Run, Status

STARTS = ("spectral", "signs", "random")


@dataclass(frozen=True, eq=False)
class State:
    """One iterate of a local method, and how badly it explains y."""

    h: Array  # (K,)
    m: Array  # (N,)
    residual: float  # |y - (B h) o (C m)| / |y|


Method = Callable[[Bilinear, Array, Array], Iterator[State]]  # data, start h, start m
Step = Callable[[Array, Array], tuple[Array, Array]]  # h, m


def residual(data: Bilinear, h: Array, m: Array) -> float:
    """|y - (B h) o (C m)|_2 / |y|_2; without the division if y = 0."""
    size = np.abs(data.y).max() or 1.0
    rest = np.linalg.norm((data.y - (data.B @ h) * (data.C @ m)) / size)
    return float(rest / (np.linalg.norm(data.y / size) or 1.0))


def walk(data: Bilinear, h: Array, m: Array, step: Step, stall: float) -> Iterator[State]:
    """Yield one state per step, |h| = |m|, until the residual falls by less than its `stall`th."""
    before = np.inf
    while True:
        h, m = balance(*step(h, m))
        now = residual(data, h, m)
        yield State(h, m, now)
        if not now < (1 - stall) * before:
            return
        before = now


def begin(data: Bilinear, rng: np.random.Generator | None, start: str) -> tuple[Array, Array]:
    """A start (h, m) of the given kind, scaled to fit y best, with |h| = |m|."""
    _, K, N = data.shape
    if start == "spectral":
        U, _, Vt = np.linalg.svd((data.B * data.y[:, None]).T @ data.C, full_matrices=False)
        h, m = U[:, 0], Vt[0]
    elif start == "signs":
        Bt, Ct, d = canonical(data)
        h, m = np.sqrt(d) @ Bt, np.sqrt(d) @ Ct
    else:
        h, m = rng.standard_normal(K), rng.standard_normal(N)
    product = (data.B @ h) * (data.C @ m)
    size = product @ product
    multiple = (data.y @ product) / size if size > 0 else 0.0
    return balance(multiple * h, m)


def race(
    data: Bilinear,
    rng: np.random.Generator,
    method: Method,
    name: str,
    *,
    starts: int = 1,
    start: str = "spectral",
    tol: float = 1e-10,
    max_iter: int = 2000,
    callback: Callable[[Any], object] | None = None,
) -> Recovered:
    """Run the method from up to `starts` starts; the best one, with nothing proved.

    starts    at most so many: the first is `start` ("spectral", "signs" or "random"), the others
              are random; the first that reaches tol ends the race
    tol       the relative residual |y - w o x| / |y| at which a start has won
    max_iter  limit for each start
    callback  state -> anything, called at every iteration; a true value ends the race

    The curves of all starts follow one another in run.history, and history["start"] counts them
    from 0. Raises ValueError for bad arguments.
    """
    with_entries(data)
    called("callback", callback)
    choice("start", start, STARTS)
    rng, starts, tol = generator(rng), whole("starts", starts, least=1), number("tol", tol, least=0)
    max_iter = whole("max_iter", max_iter, least=1)
    scaled, of_h, of_m = unit_size(data)

    def stop(state: State) -> bool:
        asked = callback is not None and bool(callback(state))
        return asked or state.residual <= tol

    ends, runs = [], []
    for k in range(starts):
        found = method(scaled, *begin(scaled, rng, "random" if k else start))
        states = (replace(state, h=of_h * state.h, m=of_m * state.m) for state in found)
        last, run = drive(
            states, lambda _: NO_PROOF, tol=0, max_iter=max_iter, every=max_iter, callback=stop
        )
        ends.append(last)
        runs.append(run)
        if run.status is Status.STOPPED:
            break
    best = int(np.argmin([np.nan_to_num(end.residual, nan=np.inf) for end in ends]))
    if runs[-1].status is Status.STOPPED and ends[-1].residual > tol:
        best = len(ends) - 1  # the caller's callback pointed at this one
    curves = {key: np.concatenate([run.history[key] for run in runs]) for key in runs[0].history}
    curves["start"] = np.repeat(np.arange(len(runs)), [run.iterations for run in runs])
    sums = {key: sum(getattr(run, key) for run in runs) for key in ("iterations", "elapsed")}
    run = replace(runs[best], history=curves, **sums)
    kind = "random" if best else start
    notes = (f"start {best + 1} of {len(runs)} ({kind}) ended best.",) if starts > 1 else ()
    return unproved(data, ends[best].h, ends[best].m, name, run, notes)


def unproved(
    data: Bilinear,
    h: Array,
    m: Array,
    method: str,
    run: Run,
    notes: tuple[str, ...] = (),
    proved: str = "nothing is proved",
) -> Recovered:
    """The answer, balanced and with its global sign set by data.signs, without a dual."""
    h, m = balance(h, m)
    if data.signs @ np.sign(data.B @ h) < 0:  # the other way round more rows have their sign
        h, m = -h, -m
    left = residual(data, h, m)
    said = "the products are reproduced" if left <= 1e-6 else "the products are not reproduced"
    notes = (f"residual {left:.1e}: {said}, {proved}.", *notes)
    certificate = certify(BranchHull(data), h, m, None)
    return Recovered(h, m, None, None, Report(method, run, certificate, notes))


def unit_size(data: Bilinear) -> tuple[Bilinear, float, float]:
    """Data with largest entries 1, and the units in which their h and m are those of the data.

    Raises ValueError where h m' has no size that is a number.
    """
    b, c, d = sizes = [float(np.abs(A).max()) or 1.0 for A in (data.B, data.C, data.y)]
    B, C, y = (A / size for A, size in zip((data.B, data.C, data.y), sizes, strict=True))
    of_h, of_m = math.sqrt(d) / b, math.sqrt(d) / c
    if not np.finfo(float).tiny <= of_h * of_m < math.inf:
        sizes = f"{d:.0e} over {b:.0e} times {c:.0e}"
        raise ValueError(f"data must have |y| / (|B| |C|) that is a number, got {sizes}")
    return Bilinear(B, C, y, data.signs), of_h, of_m
