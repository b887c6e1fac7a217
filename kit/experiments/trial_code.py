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
    function, values = trial, []
    while isinstance(function, functools.partial):
        values += [*((str(k), v) for k, v in enumerate(function.args)), *function.keywords.items()]
        function = function.func
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        values += inspect.getclosurevars(function).nonlocals.items()
    except (OSError, TypeError, SyntaxError):
        raise ValueError(_refused(function, "its code cannot be read")) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    found = sorted((name, _digits(function, value)) for name, value in values)
    text = ast.unparse(tree) + (f"\n{found}" if found else "")  # a plain function's digits stay
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _digits(trial: Callable, value: object) -> str:
    """What tells a value from another one of its kind."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return repr(value)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
        data = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f"{value.dtype.str}{np.shape(value)}{data}"
    if isinstance(value, tuple | list | dict):
        parts = sorted(value.items(), key=repr) if isinstance(value, dict) else value
        return f"{type(value).__name__}{[_digits(trial, part) for part in parts]}"
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
