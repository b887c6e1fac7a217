"""One instance by (program, family, seed): made, solved, judged, and all that must not happen."""

import signal
import time
import warnings
from zlib import crc32

import numpy as np

from kit import branchhull, nettrim
from kit.results import Status

from . import judge_layers, judge_products, make_layers, make_products
from .peers import ask

KINDS = ("wrong", "strict", "false infeasible", "exception", "nan", "warning", "slow", "refused")
SLOW, PATIENCE = 10.0, 120  # seconds: an answer may take; an answer is waited for
PROGRAMS = {
    "branchhull": (make_products, branchhull.solve, judge_products.judge),
    "nettrim": (make_layers, nettrim.solve, judge_layers.judge),
}


def families():
    """Every (program, family); "mixed" is two of them, one after the other, without "absurd"."""
    return [(p, f) for p, (made, *_) in PROGRAMS.items() for f in [*made.FAMILIES, "mixed"]]


def instance(program, family, seed):
    """The instance of that name: the same on every machine with the same numpy."""
    made = PROGRAMS[program][0]
    rng = np.random.default_rng([seed, crc32(f"{program} {family}".encode())])
    case, names = made.plain(rng), [family]
    if family == "mixed":
        names = rng.choice(list(made.FAMILIES)[:-1], 2, False).tolist()
    with np.errstate(all="ignore"):
        for name in names:
            case = made.FAMILIES[name](rng, case)
    return case


def _late(*_):
    raise TimeoutError(f"no answer after {PATIENCE} s")


def trial(program, family, seed, peers=False):
    """A dict: what came back, what is wrong with it, whether it is finished, what peers reach."""
    case, (_, solve, judge) = instance(program, family, seed), PROGRAMS[program]
    row = {"program": program, "family": family, "seed": seed, "status": "none", "gap": None}
    row |= {"found": [], "unfinished": False, "case": repr(case), "peers": {}}
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(PATIENCE)
    clock, cpu, answer = time.perf_counter(), time.process_time(), None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            answer = solve(case.problem())
    except Exception as error:
        kinds = {Warning: "warning", ValueError: "refused", Exception: "exception"}
        kind = next(name for of, name in kinds.items() if isinstance(error, of))
        row["found"].append((kind, 1.0, f"{type(error).__name__}: {error}"[:90]))
    finally:
        signal.alarm(0)
    row["seconds"] = min(time.perf_counter() - clock, time.process_time() - cpu)
    if row["seconds"] > SLOW:
        row["found"].append(("slow", row["seconds"], "more than 10 s"))
    if answer is None:
        return row
    status, proof = answer.report.run.status, answer.report.certificate
    row |= {"status": status.name, "gap": proof.gap}
    row["unfinished"] = status in (Status.FAILED, Status.MAX_ITER)
    if peers or (peers is None and row["unfinished"]):
        row["peers"], *found = ask(case)
        row["found"] += judge(case, answer, *found)
    else:
        row["found"] += judge(case, answer)
    return row
