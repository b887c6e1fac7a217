"""Random and hostile layers for Net-Trim, and a judge of answers that shares nothing with the kit.

python -m tests.hostile_layers COUNT FIRST    prints what became of COUNT layers, seeds from FIRST
"""

import collections
import sys
import time
import warnings

import numpy as np

from kit.nettrim import NetTrim, solve
from kit.results import Status

KINDS = (
    "gaussian", "ties", "pixels", "low rank", "few samples", "exact", "two signs", "dead",
    "foreign", "inputs' units", "outputs' units", "wild samples", "all units", "tiny ball",
    "free bias", "copies", "free row with holes", "nearly parallel",
)  # fmt: skip


def drawn(seed):
    """(kind, layer) for this seed: N, P up to 30, 60; one ball or one each; a kind of hardness."""
    rng = np.random.default_rng([77, seed])
    kind = KINDS[seed % len(KINDS)]
    N, M, P = int(rng.integers(1, 31)), int(rng.integers(1, 6)), int(rng.integers(1, 61))
    if kind == "few samples":
        P = int(rng.integers(1, max(2, N)))
    X = rng.standard_normal((N, P))
    if rng.random() < 0.5:
        X = np.maximum(X, 0)
    if kind in ("ties", "copies"):
        X = rng.integers(-2, 3, (N, P)).astype(float) if rng.random() < 0.5 else 1.0 * (X > 0)
    if kind == "pixels":
        X = np.floor(rng.integers(0, 17, (N, P)) * (rng.random((N, P)) < 0.4))
    if kind == "low rank":
        X = rng.standard_normal((N, 2)) @ rng.standard_normal((2, P))
    if kind == "nearly parallel":
        X = X[:1] + 10.0 ** rng.uniform(-8, -2) * X
    if kind == "free row with holes":
        X[-1] = (
            rng.integers(-1, 2, P) * rng.random(P) if rng.random() < 0.5 else rng.random(P) > 0.5
        )
    elif rng.random() < 0.6 or kind == "free bias":
        X[-1] = 1
    W = rng.standard_normal((N, M)) * (rng.random((N, M)) < 0.5)
    if kind == "ties":
        W = rng.integers(-2, 3, (N, M)).astype(float)
    Z = W.T @ X
    if kind == "foreign" or (kind == "free row with holes" and rng.random() < 0.5):
        Z = rng.standard_normal((M, P))
    if kind == "dead":
        Z[rng.integers(0, M)] = -1
    if kind == "wild samples":
        some = rng.choice(P, max(1, P // 20), replace=False)
        X[:, some], Z[:, some] = 1e6 * X[:, some], 1e6 * Z[:, some]
    if kind == "copies":
        pick = rng.integers(0, P, 2 * P)
        X, Z = X[:, pick], Z[:, pick]
    linear = rng.random() < 0.1
    Y, Omega = (Z, np.ones(Z.shape, bool)) if linear else (np.maximum(Z, 0), None)
    V = 0.0
    if kind == "two signs" or rng.random() < 0.1:
        V = Z + 0.1 * np.abs(Z) * rng.random(Z.shape) if rng.random() < 0.7 else 0.3 * Z
    if kind in ("inputs' units", "all units"):
        X = X * 10.0 ** rng.uniform(-6, 6, (N, 1))
    y = x = 1.0
    if kind in ("outputs' units", "all units"):
        y, x = 10.0 ** rng.uniform(-100, 100, 2)
    share = rng.choice([0.01, 0.1, 0.3, 0.7])
    share = {"exact": 0.0, "tiny ball": 1e-8}.get(kind, share)
    X, Y, V = x * X, y * Y, y * V
    norms = np.array([y * np.sqrt(np.sum((row / y) ** 2)) for row in np.where(Y > 0, Y, 0)])
    each = share * (np.abs(norms) if not linear else y * np.linalg.norm(Z, axis=1))
    epsilon = each if rng.random() < 0.5 else float(y * np.linalg.norm(each / y))
    free = kind in ("free bias", "free row with holes") or rng.random() < 0.05
    return kind, NetTrim(X, Y, epsilon, V=V, Omega=Omega, penalise_bias=not free or N == 1)


def complaint(problem, answer, tol=1e-6, feasibility=1e-6):
    """What is wrong with an answer, in a word; "" for nothing. In extended precision, plainly."""
    status, report = answer.report.run.status, answer.report.certificate
    wide = np.longdouble
    X, Y, V, W = (v.astype(wide) for v in (problem.X, problem.Y, problem.V, answer.W))
    on, paid = problem.Omega, problem.paid
    if not np.isfinite(answer.W).all() or any(
        np.isnan(v) for v in (report.upper, report.lower, report.violation)
    ):
        return "NaN"
    if report.lower > report.upper:
        return "lower above upper"
    if status not in (Status.SOLVED, Status.INFEASIBLE):
        return ""
    Q = np.where(on, answer.dual, np.minimum(answer.dual, 0)).astype(wide)
    Q = Q / np.maximum(np.abs(Q).max(axis=1, keepdims=True), np.finfo(wide).tiny)
    terms = np.abs(X) @ np.abs(Q.T)
    if status is Status.INFEASIBLE:
        ray = (np.abs(X @ Q.T) <= 1e-14 * terms).all(axis=0)
        a, b = (Q * np.where(on, Y, V)).sum(axis=1), np.sqrt((np.where(on, Q, 0) ** 2).sum(axis=1))
        if problem.joint:
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.where(b > 0, a / b, np.inf)[ray & (a > 0)]
            return "" if np.sqrt((share**2).sum()) > problem.epsilon else "no ray"
        return "" if (ray & (a > problem.epsilon * b)).any() else "no ray"
    D = W.T @ X - np.where(on, Y, V)
    rows = np.sqrt((np.where(on, D, 0) ** 2).sum(axis=1))
    size = np.sqrt((np.where(on, Y, 0) ** 2).sum(axis=1))
    unit = np.abs(Y).max() or np.abs(V).max() or 1
    r, eps, size = (
        (np.sqrt((rows**2).sum()), problem.epsilon, np.sqrt((size**2).sum()))
        if problem.joint
        else (rows, problem.epsilon, size)
    )
    allowed = eps + feasibility * np.maximum(np.maximum(eps, 1e-3 * size), 1e-300) * 1.001
    if np.any(r > allowed + 1e-15 * size):
        return "outside the ball"
    if np.where(on, 0, D).max() > feasibility * unit * 1.001:
        return "above V"
    value = np.abs(W[:paid]).sum()
    if abs(value - report.upper) > 1e-9 * value:
        return "not its |W|"
    return ""


def reports(seeds, method="auto", **options):
    """Rows (kind, seed, status, seconds, complaint) for these seeds."""
    for seed in seeds:
        kind, problem = drawn(seed)
        began = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                answer = solve(problem, method, **options)
                status, wrong = answer.report.run.status.name, complaint(problem, answer)
            except Exception as error:  # none is allowed: it is counted
                status, wrong = "error", f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - began
        wrong = wrong or (f"warning: {caught[0].message}" if caught else "")
        yield kind, seed, status, seconds, wrong


def main(count, first, method="auto"):
    """Print a table of what became of them."""
    table, slowest = collections.defaultdict(collections.Counter), 0.0
    for kind, seed, status, seconds, wrong in reports(range(first, first + count), method):
        table[kind][status] += 1
        slowest = max(slowest, seconds)
        if wrong or status not in ("SOLVED", "INFEASIBLE") or seconds > 10:
            print(f"{seed:6d} {kind:20s} {status:10s} {seconds:6.2f} s  {wrong}")
    for kind in KINDS:
        print(f"{kind:20s}", dict(table[kind]))
    everything = sum(table.values(), collections.Counter())
    print(dict(everything), f"slowest {slowest:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
