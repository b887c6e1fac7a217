"""What a function gives back, as plain values; how values are compared, and named in words.

A check looks at the same values wherever the function ran, in the notebook's kernel or in a
sandbox: numbers and arrays of numpy, texts, and lists of them. Whatever numpy turns into one array
of numbers is that array: lists, pairs of lists, tables, sparse, masked and object arrays. Whatever
else there is becomes Opaque, by the name of its type.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass

import numpy as np

DEEPEST = 8  # containers within containers
NUMBERS = "biufc"  # kinds of numpy's numbers


@dataclass(frozen=True)
class Opaque:
    """Something that is no value: only the name of its type is known."""

    kind: str


def values(found: object, depth: int = 0) -> object:
    """A result as plain values; it never raises."""
    try:
        if found is None or isinstance(found, Opaque):
            return found
        if isinstance(found, str):
            return str.__str__(found)
        if isinstance(found, tuple | list | range):
            if depth > DEEPEST:
                return Opaque("deeply nested thing")
            return _one([values(part, depth + 1) for part in found])
        array = np.asarray(found.toarray() if hasattr(found, "toarray") else found)
        if array.dtype.kind not in NUMBERS:  # of objects; fractions and decimals too
            array = array.astype(float)
        return array[()]
    except Exception:
        return Opaque(type(found).__name__[:40])


def _one(parts: list) -> object:
    """One array of parts that are numbers of equal shape; truth values only among themselves."""
    numbers = all(isinstance(part, np.ndarray | np.generic) for part in parts)
    alike = numbers and len({(part.shape, part.dtype.kind == "b") for part in parts}) <= 1
    return np.array(parts) if alike else parts


def zeros_like(found: object) -> object:
    """The same kind of value, with every number 0: what an answer gives that knows nothing."""
    if isinstance(found, list):
        return [zeros_like(part) for part in found]
    numbers = isinstance(found, np.ndarray | np.generic)
    return np.zeros_like(found)[()] if numbers else found


def same(a: object, b: object, tol: float = 1e-6) -> bool:
    """Whether two arrays agree: |a - b| <= tol max(1, |b|) in the largest entry, shapes equal."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    size = max(1.0, np.abs(b).max(initial=0.0))
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= tol * size))


def unchanged(a: object, b: object) -> bool:
    """Whether two copies of a thing still hold the same numbers; looks into containers."""
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(unchanged, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(unchanged(a[key], b[key]) for key in a)
    if is_dataclass(a):
        return all(unchanged(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return True


def real(value: object) -> bool:
    """Whether it is a real number or an array of them, as `values` gives them."""
    return getattr(value, "dtype", np.dtype(bool)).kind in "fiu"


def described(value: object) -> str:
    """What a value is, in words: never its numbers."""
    if isinstance(value, list):
        kinds = {described(part).partition(" of ")[0].partition(" (")[0] for part in value}
        return f"{len(value)} parts ({', '.join(sorted(kinds))})"
    if isinstance(value, np.ndarray | np.generic):
        many = isinstance(value, np.ndarray)
        kind = {"c": "complex ", "b": "true-or-false "}.get(value.dtype.kind, "")
        return f"one {kind}array of shape {value.shape}" if many else f"one {kind}number"
    return f"a {value.kind if isinstance(value, Opaque) else type(value).__name__}"


def listed(words: Iterable[object]) -> str:
    """With "and" between them."""
    return " and ".join(map(str, words))
