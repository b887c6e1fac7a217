"""One instance solved and judged, with everything else that must not happen counted too."""

import signal
import time
import warnings

from kit import branchhull, nettrim
from kit.results import Status

from . import peers as asked
from .instances import families, instance
from .judge import judge

__all__ = ["KINDS", "families", "trial"]
KINDS = ("wrong", "strict", "false infeasible", "exception", "nan", "warning", "slow", "refused")
SLOW, PATIENCE = 10.0, 120  # seconds: an answer may take; an answer is waited for
SOLVERS = {"branchhull": branchhull.solve, "nettrim": nettrim.solve}


def _late(*_):
    raise TimeoutError(f"no answer after {PATIENCE} s")


def trial(program, family, seed, peers=False):
    """A dict: what came back, what is wrong with it, whether it is finished."""
    case = instance(program, family, seed)
    row = {"program": program, "family": family, "seed": seed, "status": "none", "gap": None}
    row |= {"found": [], "unfinished": False, "detail": describe(case)}
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(PATIENCE)
    clock, cpu, answer = time.perf_counter(), time.process_time(), None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            answer = SOLVERS[program](case.problem())
    except Warning as error:
        row["found"].append(("warning", 1.0, f"{type(error).__name__}: {error}"[:90]))
    except ValueError as error:
        row["found"].append(("refused", 1.0, str(error)[:90]))
    except Exception as error:
        row["found"].append(("exception", 1.0, f"{type(error).__name__}: {error}"[:90]))
    finally:
        signal.alarm(0)
    row["seconds"] = min(time.perf_counter() - clock, time.process_time() - cpu)
    if row["seconds"] > SLOW:
        row["found"].append(("slow", row["seconds"], "more than 10 s"))
    if answer is None:
        return row
    row |= {"status": answer.report.run.status.name, "gap": answer.report.certificate.gap}
    row["unfinished"] = answer.report.run.status in (Status.FAILED, Status.MAX_ITER)
    extra = ()
    if peers:
        extra, row["peers"] = asked.best(program, case)
    row["found"] += [tuple(item) for item in judge(case, answer, extra)]
    return row


def describe(case):
    """What kind of instance it is, in few words."""
    if hasattr(case, "Omega"):
        balls = "joint" if isinstance(case.epsilon, float) else "own"
        return f"{case.X.shape} M={len(case.Y)} {balls}{'' if case.bias else ' free bias'}"
    weights = {"lam": case.lam, "gamma": case.gamma, "mu": case.mu, "shape": case.shape}
    L, K = case.B.shape
    return f"{case.objective} {case.form} L={L} K={K} N={case.C.shape[1]} {weights}"
