"""Ways in which students write code: each makes the cells of one function from a right answer.

Parts of a template, filled in by `cells`: SOURCE the definition as it is; BODY the definition under
the name _NAME; NAME and ARGS those of the function; CHECK the name of its check. `# %%` parts
cells. A cell that begins with `# never run` stands in the notebook that is handed in; its author
has not run it.
"""

# ruff: noqa: E501

import ast
import json
import re
import textwrap

WRAP = "def NAME(ARGS):\n    return {}(_NAME(ARGS))"
WAYS = {
    "as it is": "SOURCE",
    "magic line before": "%matplotlib inline\n%precision 3\nSOURCE",
    "cell magic": "%%time\nSOURCE",
    "cell magic with lines": "%%capture out --no-stderr\nimport os\nSOURCE",
    "line magic binds": "%time ONE = 1.0\nBODY\n# %%\ndef NAME(ARGS):\n    return ONE and _NAME(ARGS)",
    "shell": "!echo hello\nSOURCE",
    "question mark": "SOURCE\n# %%\nNAME?\nnp.sum?",
    "auto-call and prompts": ">>> ONE = 1.0\n# %%\nBODY\ndef NAME(ARGS):\n    return ONE and _NAME(ARGS)",
    "indented cell": "INDENTED",
    "tabs": "TABBED",
    "windows line ends": "SOURCE".replace("\n", "\r\n"),
    "line that begins with !=": "BODY\nif (1\n!= 0):\n    def NAME(ARGS):\n        return _NAME(ARGS)",
    "line that begins with %": "BODY\nONE = (7\n% 2)\ndef NAME(ARGS):\n    return ONE and _NAME(ARGS)",
    "text with magics": 'TEXT = """\n%%bash\n!ls\n%time\n"""\nBODY\ndef NAME(ARGS):\n    return TEXT and _NAME(ARGS)',
    "if around": "if True:\n    BLOCK",
    "else around": "if 1 > 2:\n    pass\nelse:\n    BLOCK",
    "with around": "import contextlib\nwith contextlib.suppress(ValueError):\n    BLOCK",
    "try around": "try:\n    BLOCK\nfinally:\n    pass",
    "for around": "for k in range(2):\n    BLOCK",
    "main": 'if __name__ == "__main__":\n    BLOCK',
    "try import": "try:\n    import nowhere as xp\nexcept ImportError:\n    import numpy as xp\n# %%\nBODY\ndef NAME(ARGS):\n    return xp.pi and _NAME(ARGS)",
    "try import of a decorator": "try:\n    from numba import njit\nexcept ImportError:\n    njit = lambda f: f\n# %%\n@njit\nSOURCE",
    "import in the function": "BODY\ndef NAME(ARGS):\n    import math\n    return math.pi and _NAME(ARGS)",
    "import of many": "import os, sys, math as mathematics\nBODY\ndef NAME(ARGS):\n    return mathematics.pi and _NAME(ARGS)",
    "star import": "from numpy.linalg import *\nBODY\ndef NAME(ARGS):\n    return norm([1.0]) and _NAME(ARGS)",
    "star import of much": "from numpy import *\nBODY\ndef NAME(ARGS):\n    return pi and _NAME(ARGS)",
    "import of a name that is given": "from numpy.linalg import solve, norm\nBODY\ndef NAME(ARGS):\n    return norm([1.0]) and _NAME(ARGS)",
    "names of the exercise for other things": "instance = start = point = scan = array = layer = neuron = miss = problem = 7\ngaussian = certify = solve = same = judge = Seen = returns = takes = start\nSOURCE",
    "star import in another cell": "from math import *\n# %%\nBODY\ndef NAME(ARGS):\n    return tau and _NAME(ARGS)",
    "helper before": "BODY\n# %%\ndef NAME(ARGS):\n    return _NAME(ARGS)",
    "helper of a helper": "BODY\n# %%\ndef second_NAME(ARGS):\n    return _NAME(ARGS)\n# %%\ndef NAME(ARGS):\n    return second_NAME(ARGS)",
    "helper redefined": "def _NAME(ARGS):\n    return 1 / 0\n# %%\nBODY\ndef NAME(ARGS):\n    return _NAME(ARGS)",
    "helper redefined after the check": "BODY\ndef NAME(ARGS):\n    return _NAME(ARGS)\n# %%\nCHECK(NAME)\n# %%\ndef _NAME(ARGS):\n    return 'another experiment'",
    "constant before": "ONE = 1.0\n# %%\nBODY\ndef NAME(ARGS):\n    return ONE and _NAME(ARGS)",
    "constant after": "BODY\ndef NAME(ARGS):\n    return ONE and _NAME(ARGS)\n# %%\nONE = 1.0",
    "constant changed after the check": "ONE = 1.0\nBODY\ndef NAME(ARGS):\n    return ONE and _NAME(ARGS)\n# %%\nCHECK(NAME)\n# %%\nONE = 0",
    "constant of a pair": "ONE, (TWO, *REST) = 1, (2, 3, 4)\nBODY\ndef NAME(ARGS):\n    return REST and _NAME(ARGS)",
    "constant with a type": "ONE: float = 1.0\nBODY\ndef NAME(ARGS):\n    return ONE and _NAME(ARGS)",
    "constant made in steps": "ONE = 0\nONE += 1\nBODY\ndef NAME(ARGS):\n    return ONE and _NAME(ARGS)",
    "constant from a loop": "TABLE = []\nfor k in range(3):\n    TABLE.append(k)\nBODY\ndef NAME(ARGS):\n    return len(TABLE) == 3 and _NAME(ARGS)",
    "constant filled by item": "TABLE = {}\n# %%\nTABLE['a'] = 1\nBODY\ndef NAME(ARGS):\n    return TABLE['a'] and _NAME(ARGS)",
    "constant filled by a function": "def fill(table):\n    table.append(1)\nTABLE = []\nfill(TABLE)\nBODY\ndef NAME(ARGS):\n    return TABLE[0] and _NAME(ARGS)",
    "walrus": "if (ONE := 1.0) > 0:\n    pass\nBODY\ndef NAME(ARGS):\n    return ONE and _NAME(ARGS)",
    "walrus in a list": "[last := k for k in range(3)]\nBODY\ndef NAME(ARGS):\n    return last and _NAME(ARGS)",
    "comprehension of constants": "SQUARES = {k: k**2 for k in range(1, 4)}\nBODY\ndef NAME(ARGS):\n    return SQUARES[3] and _NAME(ARGS)",
    "await at top level": "async def one():\n    return 1.0\n# %%\nONE = await one()\nBODY\ndef NAME(ARGS):\n    return ONE and _NAME(ARGS)",
    "async with a loop of its own": "BODY\ndef NAME(ARGS):\n    async def inside():\n        return _NAME(ARGS)\n    step = inside().send\n    try:\n        step(None)\n    except StopIteration as end:\n        return end.value",
    "several statements on a line": "ONE = 1.0; TWO = 2.0; import math\nBODY\ndef NAME(ARGS): x = ONE; return x and _NAME(ARGS)",
    "letters of other alphabets": "λ = 1.0\nBODY\ndef NAME(ARGS):\n    größe = λ\n    return größe and _NAME(ARGS)",
    "decorator": "import functools\ndef loudly(f):\n    @functools.wraps(f)\n    def inner(*args):\n        return f(*args)\n    return inner\n# %%\n@loudly\nSOURCE",
    "decorated later": "def plainly(f):\n    return lambda ARGS: f(ARGS)\nSOURCE\n# %%\nNAME = plainly(NAME)",
    "closure": "def make():\n    calls = 0\n    BODYBLOCK\n    def inner(ARGS):\n        nonlocal calls\n        calls += 1\n        return _NAME(ARGS)\n    return inner\n# %%\nNAME = make()",
    "lambda": "BODY\nNAME = lambda ARGS: _NAME(ARGS)",
    "partial": "from functools import partial\ndef general(flag, ARGS):\n    return _NAME(ARGS)\nBODY\n# %%\nNAME = partial(general, True)",
    "class with __call__": "BODY\nclass Answer:\n    def __call__(self, ARGS):\n        return _NAME(ARGS)\n# %%\nNAME = Answer()",
    "method": "BODY\nclass Answer:\n    scale = 1.0\n    def apply(self, ARGS):\n        return self.scale and _NAME(ARGS)\n# %%\nNAME = Answer().apply",
    "static method": "BODY\nclass Answer:\n    @staticmethod\n    def apply(ARGS):\n        return _NAME(ARGS)\nNAME = Answer.apply",
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass Settings:\n    one: float = 1.0\n# %%\nBODY\ndef NAME(ARGS):\n    return Settings().one and _NAME(ARGS)",
    "named tuple and enum": "from typing import NamedTuple\nfrom enum import Enum\nclass Pair(NamedTuple):\n    a: int = 1\nclass Side(Enum):\n    UP = 1\nBODY\ndef NAME(ARGS):\n    return Pair().a and Side.UP and _NAME(ARGS)",
    "type hints": "from typing import Any, Optional\nBODY\ndef NAME(TYPED) -> Optional[Any]:\n    return _NAME(ARGS)",
    "hints of the future": "from __future__ import annotations\n# %%\nBODY\ndef NAME(TYPED) -> Undefined | None:\n    x: AlsoUndefined = 1\n    return _NAME(ARGS)",
    "defaults and more arguments": "BODY\ndef NAME(ARGS, *more, flag=True, **rest):\n    return _NAME(ARGS)",
    "only stars": "BODY\ndef NAME(*args, **kwargs):\n    return _NAME(*args, **kwargs)",
    "match": "BODY\ndef NAME(ARGS):\n    match 1:\n        case 1:\n            return _NAME(ARGS)",
    "generator and context": "import contextlib\n@contextlib.contextmanager\ndef quietly():\n    yield 1\nBODY\ndef NAME(ARGS):\n    with quietly():\n        return next(x for x in [_NAME(ARGS)])",
    "global counter": "calls = 0\nBODY\ndef NAME(ARGS):\n    global calls\n    calls += 1\n    return _NAME(ARGS)",
    "attribute of the function": "BODY\ndef NAME(ARGS):\n    return NAME.one and _NAME(ARGS)\nNAME.one = 1.0",
    "recursion": "BODY\ndef NAME(ARGS, depth=2):\n    return NAME(ARGS, depth - 1) if depth else _NAME(ARGS)",
    "another name": "BODY\n# %%\nCHECK(_NAME)",
    "handed over as a lambda": "BODY\n# %%\nCHECK(lambda ARGS: _NAME(ARGS))",
    "name given later": "BODY\n# %%\nNAME = _NAME",
    "stub once more before": "def NAME(ARGS):\n    raise NotImplementedError\n# %%\nSOURCE",
    "wrong version before": "def NAME(ARGS):\n    return 7\n# %%\nSOURCE",
    "returns lists": "BODY\ndef as_list(x):\n    return [as_list(p) for p in x] if isinstance(x, tuple) else np.asarray(x).tolist()\nLISTS",
    "returns objects": "BODY\ndef as_objects(x):\n    if isinstance(x, tuple):\n        return tuple(map(as_objects, x))\n    return np.array(x, dtype=object) if np.asarray(x).dtype != bool else x\n" + WRAP.format("as_objects"),
    "returns a subclass": "class Mine(np.ndarray):\n    pass\nBODY\ndef mine(x):\n    return tuple(map(mine, x)) if isinstance(x, tuple) else np.asarray(x).view(Mine)\n" + WRAP.format("mine"),
    "returns masked arrays": "BODY\ndef masked(x):\n    return tuple(map(masked, x)) if isinstance(x, tuple) else np.ma.masked_array(x)\n" + WRAP.format("masked"),
    "returns a table": "class Table:\n    def __init__(self, x):\n        self.x = x\n    def __array__(self, dtype=None, copy=None):\n        return np.array(self.x, dtype)\nBODY\ndef table(x):\n    return tuple(map(table, x)) if isinstance(x, tuple) else Table(x)\n" + WRAP.format("table"),
    "numpy told to raise": "np.seterr(all='raise')\nimport warnings\nwarnings.simplefilter('error')\nSOURCE",
    "broken cell before": "# never run\ndef broken(:\n    pass\n# %%\nSOURCE",
    "broken cell after": "SOURCE\n# %%\n# never run\nwhat's this",
    "failing cell before": "# never run\n1 / 0\nx = undefined\n# %%\nSOURCE",
    "slow cell": "# never run\nimport time\nx = time.sleep(900)\ntime.sleep(900)\n# %%\nSOURCE",
    "endless cell": "SOURCE\n# %%\n# never run\nwhile True:\n    pass",
    "exit": "# never run\nexit()\n# %%\nSOURCE",
    "plots": "from matplotlib.figure import Figure\nfig = Figure()\nax = fig.subplots()\nax.plot([1, 2])\nSOURCE\nax.plot([2, 1])\nfig",
    "prints": "SOURCE\nprint('done', NAME)\ndisplay(NAME)",
    "input": "# never run\nname = input('your name? ')\n# %%\nSOURCE",
    "other languages": "%%html\n<b>hello</b>\n# %%\n%%writefile /dev/null\ndef NAME(:\n# %%\nSOURCE",
    "only a comment": "# nothing here\n# %%\n\n# %%\nSOURCE",
    "get_ipython": "get_ipython().run_line_magic('precision', '4')\nshell = get_ipython()\nSOURCE",
    "loop of another name": "for NAME_ in range(3):\n    NAME_\ndel NAME_\nSOURCE",
}  # fmt: skip


def cells(way: str, source: str, check: str) -> list[str]:
    """Cells of a function that is written that way."""
    function = ast.parse(source).body[0]
    args = [a.arg for a in function.args.args]
    name = function.name
    body = re.sub(rf"\b{name}\(", f"_{name}(", source, count=1)
    block = textwrap.indent(source, "    ").strip()
    text = WAYS[way]
    for word, filled in (
        (
            "LISTS",
            WRAP.format("as_list")
            if name != "targets"
            else "def NAME(ARGS):\n    return list(_NAME(ARGS))",
        ),
        ("INDENTED", textwrap.indent(source, "  ")),
        ("TABBED", source.replace("    ", "\t")),
        ("BODYBLOCK", textwrap.indent(body, "    ").strip()),
        ("BLOCK", block),
        ("SOURCE", source),
        ("BODY", body),
        ("TYPED", ", ".join(f"{a}: Any" for a in args)),
        ("CHECK", check),
        ("ARGS", ", ".join(args)),
        ("NAME", name),
    ):
        text = text.replace(word, filled)
    if way == "windows line ends":
        text = text.replace("\n", "\r\n")
    return text.split("\n# %%\n")


FILES = {
    "utf-8": lambda nb: json.dumps(nb, ensure_ascii=False).encode(),
    "utf-8 with a mark": lambda nb: json.dumps(nb, ensure_ascii=False).encode("utf-8-sig"),
    "utf-16": lambda nb: json.dumps(nb, ensure_ascii=False).encode("utf-16"),
    "latin-1": lambda nb: json.dumps(nb, ensure_ascii=False).replace("λ", "l").encode("cp1252", "ignore"),
    "old format": lambda nb: json.dumps({"nbformat": 3, "worksheets": [{"cells": old(nb)}]}).encode(),
    "lines": lambda nb: json.dumps({"cells": [{**c, "source": c["source"].splitlines(True)} for c in nb["cells"]]}).encode(),
}  # fmt: skip


def old(nb: dict) -> list[dict]:
    """Cells as notebooks had them in format 3."""
    return [{"cell_type": c["cell_type"], "input": c["source"], "language": "python"} for c in nb["cells"]]  # fmt: skip
