"""Expressions of Python in one spelling: what an answer returns, and whether a check spells it.

Local names that are bound once are put in place of what they stand for; sums and products are
sorted; signs, indices, `np.`, and the choice between f(x) and x.f() do not count. What the function
asked for takes as arguments keeps its name. Of where, max and clip each branch is an answer.
"""

import ast
from collections.abc import Iterator

LEAST = 9  # nodes: shorter expressions, such as B @ h, are everybody's words
METHODS = {"sum", "max", "min", "dot", "clip", "copy", "reshape", "ravel", "mean", "prod"}


def answers(function: ast.FunctionDef) -> set[str]:
    """What a function returns, and the parts of a returned tuple, in one spelling."""
    known, found = bound(function), set()
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for part in parts:
                found |= {spelled(p, known) for p in (part, *branches(part, known))}
    return {one for one in found if len(one.split()) >= LEAST}


def branches(node: ast.expr, known: dict) -> Iterator[ast.expr]:
    """What may come out of where, max, maximum, clip and float."""
    while isinstance(node, ast.Name) and node.id in known:
        node = known[node.id]
    name = ""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name in ("where", "max", "maximum", "clip", "float"):
        for part in node.args[name == "where" :]:
            yield part
            yield from branches(part, known)


def expressions(function: ast.FunctionDef, kept: set[str]) -> Iterator[str]:
    """Every expression in a function, in one spelling, with all names but `kept` put in place."""
    known = {name: value for name, value in bound(function).items() if name not in kept}
    for node in ast.walk(function):
        if isinstance(node, ast.expr) and not isinstance(node, ast.Name | ast.Constant):
            yield spelled(node, known)


def bound(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Names that are bound once in a function, by a plain assignment or as a pair."""
    found: dict[str, list] = {}
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=False)
            for name, value in pairs:
                for part in ast.walk(name):
                    if isinstance(part, ast.Name):
                        found.setdefault(part.id, []).append(value if part is name else None)
    arguments = {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    return {
        name: values[0]
        for name, values in found.items()
        if len(values) == 1 and values[0] is not None and name not in arguments
    }


def spelled(node: ast.AST, known: dict, seen: tuple = ()) -> str:
    """An expression as text, words parted by blanks."""
    if isinstance(node, ast.Name):
        if node.id in known and node.id not in seen:
            return spelled(known[node.id], known, (*seen, node.id))
        return node.id
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return spelled(node.operand, known, seen)
    if isinstance(node, ast.Subscript):
        return spelled(node.value, known, seen)
    if isinstance(node, ast.Attribute):
        return f"{node.attr} ( {spelled(node.value, known, seen)} )"
    if isinstance(node, ast.BinOp):
        kind = type(node.op).__name__
        parts = [spelled(part, known, seen) for part in (node.left, node.right)]
        if kind in ("Add", "Sub", "Mult"):
            parts, kind = sorted(parts), kind.replace("Sub", "Add")
        return f"{kind} ( {' '.join(parts)} )"
    if isinstance(node, ast.Call):
        function, arguments = node.func, list(node.args)
        name = function.attr if isinstance(function, ast.Attribute) else spelled(function, known)
        owner = getattr(function, "value", None)
        if owner is not None and name in METHODS and getattr(owner, "id", "") != "np":
            arguments.insert(0, owner)
        inside = [spelled(part, known, seen) for part in arguments]
        inside += sorted(spelled(k.value, known, seen) for k in node.keywords)
        return f"{name} ( {' '.join(inside)} )"
    if isinstance(node, ast.Constant):
        return repr(node.value)
    inside = [spelled(part, known, seen) for part in ast.iter_child_nodes(node)]
    return f"{type(node).__name__} ( {' '.join(filter(None, inside))} )"
