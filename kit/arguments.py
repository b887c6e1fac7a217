"""Reading what a user hands over: one sentence that names the argument, before any work is done."""

from numbers import Integral, Real

import numpy as np

from kit.results import Array


def real_array(name: str, value: object, ndim: int | None = None) -> Array:
    """Return value as a finite float64 array; integers, booleans and float32 are converted.

    ndim  the number of dimensions it must have; None for any. Empty arrays are refused.
    Raises ValueError with the argument's name and what was found.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{name} must be an array of numbers, got rows of unequal length"
        ) from None
    if array.dtype.kind == "c":
        raise ValueError(f"{name} must be real, got complex numbers")
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must hold numbers, got {type(value).__name__} of {array.dtype}")
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimension(s), got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    array = array.astype(float)
    bad = np.count_nonzero(~np.isfinite(array))
    if bad:
        raise ValueError(f"{name} must be finite, got NaN or inf in {bad} of {array.size} entries")
    return array


def number(name: str, value: object, *, least: float = -np.inf, above: bool = False) -> float:
    """Return value as a finite float that is >= least (> least if `above`)."""
    relation = ">" if above else ">="
    wanted = "a finite number" + ("" if least == -np.inf else f" {relation} {least:g}")
    scalar = (
        value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value
    )
    if not isinstance(scalar, Real) or not np.isfinite(scalar):
        raise ValueError(f"{name} must be {wanted}, got {value!r}")
    if scalar < least or (above and scalar == least):
        raise ValueError(f"{name} must be {wanted}, got {value!r}")
    return float(scalar)


def whole(name: str, value: object, *, least: int) -> int:
    """Return value as an int that is >= least."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number >= {least}, got {value!r}")
    return int(value)


def generator(rng: object) -> np.random.Generator:
    """Return rng, which must be a numpy Generator: streams are passed in, never global."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy Generator, as default_rng(0) makes, got {rng!r}")
    return rng
