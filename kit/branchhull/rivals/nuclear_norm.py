"""The nuclear norm program that lifting leads to: (b_l'h)(c_l'm) is linear in Z = h m', of rank 1.

    minimise  |Z|_*  (the sum of the singular values)    s.t.  b_l' Z c_l = y_l,   l = 1..L

over Z (K, N): K N unknowns instead of K + N, no signs, no product constraint. Written A(Z) = y with
A*(nu) = sum nu_l b_l c_l' = B' diag(nu) C. The Gram matrix A A* = (B B') o (C C') is only (L, L).

Lower bound (derived). |.|_* and the largest singular value |.|_2 are dual norms, so for ANY nu and
any Z with A(Z) = y

    <y, nu> = <A(Z), nu> = <Z, A*(nu)> <= |Z|_* |A*(nu)|_2,   |Z|_* >= <y, nu> / |A*(nu)|_2.

If A*(nu) = 0 and <y, nu> > 0, no Z meets the constraints. ADMM with Z = X (scaled dual U):

    X <- argmin |X|_* + rho/2 |X - (Z - U)|_F^2 : singular values shrunk by 1/rho
    Z <- nearest point to X + U with A(Z) = y   : X + U + A*(v),  (A A*) v = y - A(X + U)
    U <- U + X - Z = -A*(v)

Each Z is feasible, and since -rho U is a subgradient of |.|_* at the optimum, nu = rho v is the
dual. It is certified as it stands.

Sources: Ahmed, Recht and Romberg, arXiv 1211.5608 (there for convolutions, in the Fourier domain);
Fazel, Hindi and Boyd (2001) for the norm; the ADMM and its certificate are derived.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kit.arguments import number, real_array
from kit.branchhull.problem import Bilinear
from kit.branchhull.rivals.local import unit_size
from kit.prox import shrink_singular_values
from kit.results import Array, Certificate

FEASIBLE = 1e-9  # |A(Z) - y| / |y| up to here counts as feasible
RANK = 1e-12  # eigenvalues of A A* below this share of the largest count as 0


@dataclass(frozen=True, eq=False)
class State:
    """One iterate of the lifted program, and its dual."""

    Z: Array  # (K, N), A(Z) = y
    nu: Array  # (L,)
    objective: float  # |Z|_*
    primal: float  # |X - Z|_F
    dual_residual: float  # rho |Z - Z_last|_F


def measure(data: Bilinear, Z: Array) -> Array:
    """A(Z): the L numbers b_l' Z c_l."""
    return np.sum((data.B @ Z) * data.C, axis=1)


def adjoint(data: Bilinear, nu: Array) -> Array:
    """A*(nu) = B' diag(nu) C, (K, N)."""
    return (data.B * nu[:, None]).T @ data.C


def certify_lifted(data: Bilinear, Z: Array, nu: Array) -> Certificate:
    """Bounds lower <= least |Z|_* <= upper from any Z (K, N) and any nu (L,); needs no solver.

    upper is |Z|_* if |A(Z) - y| <= 1e-9 |y|, else inf; violation is that ratio. lower = inf where
    nu proves that no Z fits y. Raises ValueError for shapes that do not match. Source: derived.
    """
    L, K, N = data.shape
    Z, nu = real_array("Z", Z, 2), real_array("nu", nu, 1, L)
    if Z.shape != (K, N):
        raise ValueError(f"Z must have shape ({K}, {N}), got {Z.shape}")
    small, of_h, of_m = unit_size(data)
    own, unit = bounds(small, Z / of_h / of_m, nu / (np.abs(nu).max() or 1.0)), of_h * of_m
    return Certificate(own.upper * unit, own.lower * unit, own.violation)


def bounds(data: Bilinear, Z: Array, nu: Array) -> Certificate:
    """The same for data, Z and nu in units in which they are about 1; reads no arguments."""
    violation = float(np.linalg.norm(measure(data, Z) - data.y) / (np.linalg.norm(data.y) or 1.0))
    value = float(np.linalg.norm(Z, "nuc"))
    gain, size = data.y @ nu, np.linalg.norm(adjoint(data, nu), 2)
    rows = np.linalg.norm(data.B, axis=1) * np.linalg.norm(data.C, axis=1)
    proof = gain > FEASIBLE * (np.abs(data.y) @ np.abs(nu)) and size <= RANK * (np.abs(nu) @ rows)
    if proof:
        return Certificate(np.inf, np.inf, violation)
    lower = max(0.0, float(gain / size)) if size > 0 else 0.0
    return Certificate(value if violation <= FEASIBLE else np.inf, lower, violation)


def admm(data: Bilinear, *, rho: float = 2.0) -> Iterator[State]:
    """Yield one state per iteration, for ever; `kit.iterate.drive` decides when to stop.

    rho > 0  the penalty, in units where the smallest Z with A(Z) = y has the spectral norm 1.
    Where no Z fits y, the states fit it as well as possible and nu shows that it does not suffice.
    """
    rho = number("rho", rho, least=0, above=True)
    size = np.linalg.norm(data.B, axis=1) * np.linalg.norm(data.C, axis=1)
    unit = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    gram = (data.B @ data.B.T) * (data.C @ data.C.T) * np.outer(unit, unit)
    values, vectors = np.linalg.eigh(gram)
    keep = values > RANK * values[-1]
    inverse = (vectors[:, keep] / values[keep]) @ vectors[:, keep].T  # of rank at most K N

    def correction(rest: Array) -> Array:
        """The smallest v with A A* v = rest, where rest is in the range of A."""
        return unit * (inverse @ (unit * rest))

    Z = adjoint(data, correction(data.y))
    length = np.linalg.norm(Z, 2) or 1.0
    rest = data.y - measure(data, Z)
    if np.linalg.norm(rest * unit) > FEASIBLE * np.linalg.norm(data.y * unit):
        # no Z fits: nu is the part of the data in the null space of A*
        null = vectors[:, ~keep]
        nu = unit * (null @ (null.T @ (unit * data.y)))
        yield State(Z, nu, float(np.linalg.norm(Z, "nuc")), 0.0, 0.0)
        return
    rho = rho / length
    U = np.zeros_like(Z)
    while True:
        X = shrink_singular_values(Z - U, 1 / rho)
        v = correction(data.y - measure(data, X + U))
        last, Z = Z, X + U + adjoint(data, v)
        U = U + X - Z
        yield State(
            Z,
            rho * v,
            float(np.linalg.norm(Z, "nuc")),
            float(np.linalg.norm(X - Z)),
            float(rho * np.linalg.norm(Z - last)),
        )
