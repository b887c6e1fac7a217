"""Reading what a user hands over: one sentence that names the argument, before any work is done."""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np

from kit.results import Array

Kind = TypeVar("Kind")


def shown(value: object) -> str:
    """The value in one short line: what was found."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def real_array(name: str, value: object, ndim: int | None = None, size: int | None = None) -> Array:
    """Return value as a finite float64 array; integers, booleans and float32 are converted.

    ndim, size  how many dimensions and entries it must have; None for any. Empty ones are refused.
    Raises ValueError with the argument's name and what was found.
    """
    array = numeric(name, value)
    if array.dtype.kind == "c":
        raise ValueError(f"{name} must be real, got complex numbers")
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimension(s), got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    array = array.astype(float)
    bad = np.count_nonzero(~np.isfinite(array))
    if bad:
        raise ValueError(f"{name} must be finite, got NaN or inf in {bad} of {array.size} entries")
    if size is not None and array.size != size:
        raise ValueError(f"{name} must have {size} entries, got {array.size}")
    return array


def numeric(name: str, value: object) -> Array:
    """Return value as an array of numbers or booleans, of whatever kind and shape it has."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must hold numbers, got rows of unequal length") from None
    if array.dtype.kind not in "fiubc":
        raise ValueError(f"{name} must hold numbers, got {type(value).__name__} of {array.dtype}")
    return array


def number(name: str, value: object, *, least: float = -np.inf, above: bool = False) -> float:
    """Return value as a finite float that is >= least (> least if `above`)."""
    relation = ">" if above else ">="
    wanted = "a finite number" + ("" if least == -np.inf else f" {relation} {least:g}")
    scalar = (
        value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value
    )
    if not isinstance(scalar, Real) or not np.isfinite(scalar):
        raise ValueError(f"{name} must be {wanted}, got {shown(value)}")
    if scalar < least or (above and scalar == least):
        raise ValueError(f"{name} must be {wanted}, got {shown(value)}")
    return float(scalar)


def number_or_each(name: str, value: object, count: int | None, words: str, least: float) -> Array:
    """Return value, a number or `count` of them, each >= least, as an array."""
    if numeric(name, value).ndim == 0:
        return np.array(number(name, value, least=least))
    values = real_array(name, value)
    if values.shape != (count,):
        raise ValueError(f"{name} must be {words}, got shape {values.shape}")
    if values.min() < least:
        raise ValueError(f"{name} must be >= {least:g}, got {values.min():g}")
    return values


def whole(name: str, value: object, *, least: int) -> int:
    """Return value as an int that is >= least."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number >= {least}, got {shown(value)}")
    return int(value)


def workers(name: str, value: object) -> int:
    """Return value, a number of workers as joblib has it: -1 for all, -2 for all but one."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value == 0:
        raise ValueError(f"{name} must be a whole number other than 0, got {shown(value)}")
    return int(value)


def flag(name: str, value: object) -> bool:
    """Return value, which must be True or False."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def generator(rng: object) -> np.random.Generator:
    """Return rng, which must be a numpy Generator: streams are passed in, never global."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"rng must be a numpy Generator, as default_rng(0) makes, got {shown(rng)}"
        )
    return rng


def instance(name: str, value: object, kind: type[Kind]) -> Kind:
    """Return value, which must be of the given class."""
    if not isinstance(value, kind):
        other = type(value)
        if (other.__module__, other.__name__) == (kind.__module__, kind.__name__):
            raise ValueError(
                f"{name} must be made anew: {kind.__module__} has been reloaded since, and its "
                f"{kind.__name__} is another one now"
            )
        raise ValueError(f"{name} must be a {kind.__name__}, got {shown(value)}")
    return value


def choice(name: str, value: object, options: Iterable[Any]) -> Any:
    """Return value, which must be one of the options."""
    options = list(options)
    if not (isinstance(value, str | int | float | None) and value in options):
        raise ValueError(f"{name} must be one of {options}, got {shown(value)}")
    return value


def called(name: str, value: Any) -> Any:
    """Return value, which must be None or a function of a state."""
    if not (value is None or callable(value)):
        raise ValueError(f"{name} must be a function of a state, got {shown(value)}")
    return value


def several(name: str, value: object) -> tuple:
    """Return value, which must be a sequence of things, as a tuple."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f"{name} must be a sequence, got {shown(value)}")
    return tuple(value)
