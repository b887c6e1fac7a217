"""Parametric pivoting: follow the solution of one neuron's program while its data move on a line.

    min (1/2) |A'u - y|^2 + sum_j l_j |u_j|   s.t.  C'u <= v          A = X_Omega, C = X_C

KKT: with multipliers mu >= 0 there is a residual correlation c = A(y - A'u) - C mu such that
c_j = l_j sign(u_j) where u_j != 0, |c_j| <= l_j elsewhere, and mu_i (C'u - v)_i = 0. Stack
z = (u, -mu) and read all of it as one table with a row for every input and every silent sample:

    w = H z - r,     H = [ AA'  -C ]     r = (A y, v),     bounds  -l_j <= w_j <= l_j  (inputs)
                         [  C'   0 ]                               w_i <= 0            (samples)
    row at rest:    z = 0, w between its bounds
    active row:     w at its lower bound and z >= 0, or w at its upper bound and z <= 0

If r and l move on a line, (z, w) moves on a line too, until an EVENT: a row at rest reaches a bound
and becomes active, or the z of an active row reaches 0 and it goes to rest. One event changes the
active set B by one row; H_BB stays regular, for the pivot H_ee - H_eB H_BB^-1 H_Be of a row that
joins, and the diagonal entry of H_BB^-1 of a row that leaves, are never negative (H is monotone:
z'Hz = |A'u|^2). Where a pivot is 0 the data stand still, z moves along the null vector of the new
H_BB until another row has its event, and the two rows change together; if no row ever has one, no u
meets the constraints, and the null vector is the Farkas ray.

Rounding. H_BB^-1 is updated, so every segment solves for z itself, not for its change, and compares
w_B with its bounds; at a mismatch H_BB is inverted afresh, then z is refined, then `Breakdown`.
Ties (V = 0 makes u = 0 a vertex with all silent samples at their bound) are the caller's: it
perturbs r and l, and moves them home at the end.

Source: derived; parametric quadratic programming (Best; qpOASES) in the form of a linear
complementarity problem (Cottle, Pang, Stone, The Linear Complementarity Problem, ch. 4).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from kit.results import Array

EXACT = 1e-10  # relative: mismatch of w_B allowed
DOUBT, PIVOT = 1e-6, 1e-11  # a pivot below DOUBT is computed afresh, one below PIVOT is 0
END = 1e-8  # an event in this last part of a move is not one any more
STANDSTILL = 60  # steps of length 0 in a row that are allowed before it is called cycling


class Breakdown(Exception):
    """Rounding or cycling: this path cannot be followed further. The caller starts another one."""


class Limit(Exception):
    """The path has more events than the caller allowed."""


class NoPoint(Exception):
    """C'u <= v has no solution on the way to the data asked for; `ray` (N + c,) is the proof."""

    def __init__(self, ray: Array) -> None:
        super().__init__("no u meets C'u <= v")
        self.ray = ray


@dataclass(eq=False)
class Table:
    """The table of one neuron, in place: rows are inputs 0..N-1, then silent samples N..N+c-1.

    columns gives, for rows e (k,), H[:, e], and behind it A'e_e: (k, N + c + a). cols keeps that of
    the active rows; the residual A'u - y is read off as the rows behind the table, where r = y.
    """

    columns: Callable[[Array], Array]
    N: int
    r: Array  # (N + c + a,) = (A y, v, y) now
    bound: Array  # (N + c,) = (l, 0) now
    B: Array = field(init=False)  # (n,) active rows
    side: Array = field(init=False)  # (n,) +1: w at its lower bound, -1: at its upper bound
    cols: Array = field(init=False)  # (capacity, N + c + a)
    inverse: Array = field(init=False)  # (capacity, capacity), the first n x n of it: H_BB^-1
    limit: float = np.inf  # events allowed
    events: int = 0
    free: int = -1  # an input that is always active, of either sign, at bound 0
    stale: bool = False  # the inverse has been updated since it was computed

    def __post_init__(self) -> None:
        self.B, self.side = np.zeros(0, int), np.zeros(0)
        self.cols, self.inverse = np.zeros((16, self.r.size)), np.zeros((16, 16))

    @property
    def rows(self) -> int:
        """N + c."""
        return self.bound.size


def occupy(table: Table, B: Array, side: Array) -> None:
    """Make B (n,) with sides (n,) the active rows, and invert H_BB afresh."""
    n = len(B)
    keep = {e: k for k, e in enumerate(table.B.tolist())}
    old = np.array([keep.get(e, -1) for e in B.tolist()], int)
    cols = np.empty((max(16, n + n // 2), table.r.size))
    cols[:n][old >= 0] = table.cols[old[old >= 0]]
    cols[:n][old < 0] = table.columns(B[old < 0])
    table.B, table.side, table.cols = B, side, cols
    table.inverse = np.zeros((len(cols), len(cols)))
    invert(table)


def invert(table: Table) -> None:
    """H_BB^-1 from scratch."""
    n, table.stale = len(table.B), False
    try:
        table.inverse[:n, :n] = np.linalg.inv(table.cols[:n, table.B].T)
    except np.linalg.LinAlgError:
        raise Breakdown("the active rows are dependent") from None


def solution(table: Table, r: Array, bound: Array) -> tuple[Array, Array]:
    """z_B (k, n) and w (k, N + c + a) for k right-hand sides r (k, N + c + a), bound (k, N + c)."""
    n, B = len(table.B), table.B
    cols, wanted = table.cols[:n], -table.side * bound[:, B]
    right = r[:, B] + wanted
    z = right @ table.inverse[:n, :n].T
    for attempt in range(4):
        w = z @ cols
        w -= r
        wrong = w[:, B] - wanted
        if n == 0:
            return z, w
        size = np.abs(right).max(1) + np.abs(z).max(1)
        if (np.abs(wrong).max(1) <= EXACT * size).all():
            return z, w
        if attempt == 0 and table.stale:
            invert(table)
            z = right @ table.inverse[:n, :n].T
        else:
            z = z - wrong @ table.inverse[:n, :n].T
    raise Breakdown("the linear system cannot be solved accurately")


def first_event(
    table: Table, z: Array, dz: Array, w: Array, dw: Array, dbound: Array, skip: int = -1
) -> tuple[float, int, int]:
    """Length of the step to the next event, its row, and its kind: +1, -1 joins at side, 0 leaves.

    z + t dz and w + t dw for t >= 0; the length is inf if nothing ever happens. For a row that
    leaves, its place in B is given. skip: a row whose own event this is.
    """
    best, row, kind = np.inf, -1, 0
    w, dw = w[: table.rows], dw[: table.rows]
    small = 1e-12 * np.maximum(np.abs(dw).max(), np.abs(dbound))
    closed = np.append(table.B, skip) if skip >= 0 else table.B
    # upper bounds, w <= bound, for all rows; lower bounds, -w <= bound, for inputs only
    for sign, end in ((-1, table.rows), (1, table.N)):
        rate = -sign * dw[:end] - dbound[:end]
        rate[closed[closed < end]] = 0
        at = np.flatnonzero(rate > small[:end])
        if at.size:
            ratio = np.maximum(table.bound[at] + sign * w[at], 0) / rate[at]
            k = ratio.argmin()
            if ratio[k] < best:
                best, row, kind = float(ratio[k]), int(at[k]), sign
    if len(table.B):
        rate = -table.side * dz
        if table.free >= 0:
            rate[table.free == table.B] = 0
        at = np.flatnonzero((rate > 1e-12 * np.abs(rate).max()) & (skip != table.B))
        if at.size:
            ratio = np.maximum(table.side[at] * z[at], 0) / rate[at]
            k = ratio.argmin()
            if ratio[k] < best:
                best, row, kind = float(ratio[k]), int(at[k]), 0
    return best, row, kind


def join(table: Table, e: int, side: int) -> Array | None:
    """Make row e active, by a border of H_BB^-1; where the pivot is 0, the null vector instead."""
    n, B, N = len(table.B), table.B, table.N
    if n == len(table.cols):
        table.cols = np.concatenate([table.cols, np.zeros_like(table.cols)])
        table.inverse = np.pad(table.inverse, (0, n))
    column = table.columns(np.array([e]))[0]
    while True:
        p = table.inverse[:n, :n] @ column[B]
        terms = table.cols[:n, e] * p
        pivot, size = column[e] - terms.sum(), abs(column[e]) + np.abs(terms).sum()
        if pivot > DOUBT * size or not table.stale:
            break
        invert(table)
    if pivot <= PIVOT * size:
        return -side * p
    table.stale = True
    q = np.where(B < N, p, -p) * (1 if e < N else -1)  # H_BB^-T H_eB', since H' = D H D
    table.inverse[:n, :n] += np.multiply.outer(p, q / pivot)
    table.inverse[:n, n], table.inverse[n, :n] = -p / pivot, -q / pivot
    table.inverse[n, n] = 1 / pivot
    table.cols[n] = column
    table.B, table.side = np.append(B, e), np.append(table.side, side)
    return None


def leave(table: Table, k: int) -> Array | None:
    """Put the k-th active row to rest; where the pivot is 0, the null vector instead."""
    n, inverse = len(table.B), table.inverse
    while True:
        p, q, pivot = inverse[:n, k].copy(), inverse[k, :n].copy(), inverse[k, k]
        size = np.sqrt(np.abs(p).max() * np.abs(q).max())
        if pivot > DOUBT * size or not table.stale:
            break
        invert(table)
    if pivot <= PIVOT * size:
        return table.side[k] * p
    table.stale = True
    inverse[:n, :n] -= np.multiply.outer(p, q / pivot)
    last = n - 1
    if k < last:
        inverse[k, :n], inverse[:n, k] = inverse[last, :n], inverse[:n, last]
        inverse[k, k] = inverse[last, last]
        table.cols[k], table.B[k], table.side[k] = table.cols[last], table.B[last], table.side[last]
    table.B, table.side = table.B[:last].copy(), table.side[:last].copy()
    return None


def exchange(table: Table, row: int, kind: int, null: Array, z: Array, w: Array) -> None:
    """Two events at once: along the null vector to the partner's event, then both rows change."""
    joins, n = kind != 0, len(table.B)
    e = row if joins else int(table.B[row])
    dw = null @ table.cols[:n]
    if joins:
        dw = dw + kind * table.columns(np.array([e]))[0]
    step, partner, way = first_event(table, z, null, w, dw, np.zeros(table.rows), skip=e)
    if not np.isfinite(step):
        ray = np.zeros(table.rows)
        ray[table.B] = null
        if joins:
            ray[e] = kind
        raise NoPoint(ray)
    gone = np.zeros(n, bool)
    gone[[k for k, change in ((row, kind), (partner, way)) if change == 0]] = True
    new = [(f, change) for f, change in ((e, kind), (partner, way)) if change != 0]
    B = np.append(table.B[~gone], [f for f, _ in new]).astype(int)
    occupy(table, B, np.append(table.side[~gone], [change for _, change in new]))


def move(
    table: Table,
    dr: Array,
    dbound: Array,
    length: float,
    *,
    radius: float | None = None,
    record: Callable[[float, float, Array, Array], bool] | None = None,
) -> tuple[float, Array, Array]:
    """Move the data by t (dr, dbound), t from 0 to `length` (may be inf), through all events.

    radius  stop where |A'u - y| reaches it (from the side where it is now)
    record  called at each event with t before, the step, z (2, n), w (2, N + c + a), values before
            and slopes; a true answer stops before the event changes the table
    Returns how far it went, and z_B, dz_B/dt (n,) there. It goes less far than `length` where
    the radius is met, or where length is inf and nothing happens any more. Raises NoPoint,
    Breakdown, Limit.
    """
    done, still = 0.0, 0
    r, bound = np.stack([table.r, dr]), np.stack([table.bound, dbound])
    table.r, table.bound = r[0], bound[0]
    while True:
        z, w = solution(table, r, bound)
        step, row, kind = first_event(table, z[0], z[1], w[0], w[1], dbound)
        if length < np.inf and step >= length - done - END * length:  # a tie at the goal
            step = length - done
        stop = np.inf if radius is None else crossing(*w[:, table.rows :], radius)
        if stop <= step or not np.isfinite(step):
            step, row = (stop, -1) if np.isfinite(stop) else (0.0, -1)
        elif step == length - done:
            row = -1
        if record is not None and record(done, step if row >= 0 else length - done, z, w):
            row = -1
        table.r += step * dr
        table.bound += step * dbound
        done += step
        if row < 0:
            return done, z[0] + step * z[1], z[1]
        still = 0 if step > 1e-14 * (done + 1e-300) else still + 1
        table.events += 1
        if table.events > table.limit:
            raise Limit(f"more than {table.limit:.0f} events")
        if still > STANDSTILL:
            raise Breakdown("cycling")
        null = join(table, row, kind) if kind else leave(table, row)
        if null is not None:
            exchange(table, row, kind, null, z[0] + step * z[1], w[0] + step * w[1])


def crossing(rho: Array, drho: Array, radius: float) -> float:
    """Smallest t >= 0 with |rho + t drho| = radius beyond which it is on the other side; or inf."""
    a, b, c = drho @ drho, rho @ drho, rho @ rho - radius**2
    if a == 0 or (c > 0 and (b >= 0 or b * b < a * c)):
        return np.inf
    far = np.sqrt(b * b - a * c)
    return c / (far - b) if c > 0 else (far - b) / a
