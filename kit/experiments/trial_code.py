"""Which code, and which values in it, a row of a sweep comes from: twelve digits."""

import ast
import functools
import hashlib
import inspect
import textwrap
from collections.abc import Callable

import numpy as np

from kit.arguments import shown


def fingerprint(trial: Callable) -> str:
    """Twelve digits that change with the code of a trial, not with comments or its docstring.

    A partial's arguments and a closure's values count, functions among them; defaults that are
    written out are code. Of the function alone: what it calls may change unseen, which `resolve`
    finds out. Raises ValueError for what cannot be told from another by its code and its values.
    """
    if not callable(trial):
        raise ValueError(f"trial must be a function, got {shown(trial)}")
    code, values = _code(trial), _values(trial)
    text = code if not values else f"{code}\n{values}"  # a plain function's digits stay
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _code(function: Callable) -> str:
    """The source of a function without comments and docstrings."""
    while isinstance(function, functools.partial):
        function = function.func
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        raise ValueError(_refused(function, "its code cannot be read")) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _values(function: Callable) -> list[tuple[str, str]]:
    """Names and digits of what a function was made with: bound arguments, a closure's values."""
    found = []
    while isinstance(function, functools.partial):
        found += [(str(k), _digits(function, value)) for k, value in enumerate(function.args)]
        found += [(name, _digits(function, value)) for name, value in function.keywords.items()]
        function = function.func
    cells = getattr(function, "__closure__", None) or ()
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    for name, cell in zip(names, cells, strict=True):
        found.append((name, _digits(function, cell.cell_contents)))
    return sorted(found)


def _digits(trial: Callable, value: object) -> str:
    """What tells a value from another one of its kind."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return repr(value)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
        data = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f"{value.dtype.str}{np.shape(value)}{data}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__}{[_digits(trial, part) for part in value]}"
    if isinstance(value, dict):
        return f"{sorted((_digits(trial, k), _digits(trial, v)) for k, v in value.items())}"
    if inspect.isfunction(value) or isinstance(value, functools.partial):
        return fingerprint(value)
    if inspect.isbuiltin(value) or inspect.isclass(value) or isinstance(value, np.ufunc):
        return f"{getattr(value, '__module__', '')}.{value.__name__}"
    raise ValueError(_refused(trial, f"it holds {shown(value)}"))


def _refused(trial: Callable, why: str) -> str:
    return (
        f"trial must be told from others by its code and values, and {why}: {shown(trial)}; make "
        "that inside a function of its own, and raise `version` whenever it changes"
    )
