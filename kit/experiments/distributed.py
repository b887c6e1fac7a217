"""One Net-Trim layer on several machines, and what one of its neurons costs.

With a ball for each neuron the program of a layer falls apart into M programs that share X alone:

    min |u_m|_1   s.t.   |(X'u_m - y_m)_Omega| <= epsilon |y_m|,   (X'u_m)_C <= 0      m = 1, ..., M

so the graph has no edge between tasks. X (N, P) and W (N, M) are scattered once to every worker, a
task is a batch of neurons, and it makes Y = (W'X)_+ of its own neurons, because Y, V and the dual
of a whole layer, (M, P) each, may fit nowhere. What a task finds goes to a file at once: weights,
dual and bounds, which add up to those of the layer, |W|_1 = sum |u_m|_1.

Dask (`pip install branch-kit[dask]`) makes the client; nothing here imports it before.
"""

import os
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import numpy as np
from tqdm.auto import tqdm

from kit.arguments import number, real_array, whole
from kit.experiments.sweep import Sweep
from kit.nettrim import NetTrim, solve
from kit.results import Array, Certificate, Pruned, Report, Run, Status, settle

GOAL = 4_096, 11_008, 128_000  # inputs, neurons, samples of the layer that is too large
BALL = 0.1  # epsilon of the trials


def prune_layer(
    X: Array, W: Array, epsilon: float, client: object, folder: Path | str, batch: int = 16
) -> Pruned:
    """min |U|_1 s.t. neuron by neuron |(U'X - Y)_Omega| <= epsilon |y_m|, (U'X)_C <= 0, on Dask.

    X (N, P)  samples; W (N, M) weights of the layer, Y = (W'X)_+
    epsilon   relative, >= 0, the same for all neurons
    client    a distributed.Client
    folder    where all its workers write; neurons that are there already are not solved again
    batch     neurons in a task, and in a file

    The dual stays in the files `layer_files` names, as float32: any dual is a bound. elapsed adds
    up what the tasks took. Raises ValueError for bad arguments.
    """
    X, W = real_array("X", X, 2), real_array("W", W, 2)
    if len(X) != len(W):
        raise ValueError(f"W must have a row for each of {len(X)} inputs, got shape {W.shape}")
    files = layer_files(X, W, number("epsilon", epsilon, least=0), folder, batch)
    todo = [(*job, path) for path, job in files.items() if not path.exists()]
    if todo:
        from distributed import as_completed  # not before it is needed

        Path(folder).mkdir(parents=True, exist_ok=True)
        # keys of their own: by content, a second call could meet data that is being released
        there = client.scatter([X, W], broadcast=True, hash=False)
        tasks = [client.submit(prune_neurons, *there, epsilon, *job, pure=False) for job in todo]
        for task in tqdm(as_completed(tasks), total=len(tasks), desc="batches"):
            task.result()
    return gather(files)


def layer_files(
    X: Array, W: Array, epsilon: float, folder: Path | str, batch: int
) -> dict[Path, tuple[int, int]]:
    """File -> its neurons (first, last + 1). The names begin with a hash of the layer."""
    M, size = W.shape[1], whole("batch", batch, least=1)
    name = joblib.hash((X, W, epsilon))[:12]
    jobs = [(first, min(first + size, M)) for first in range(0, M, size)]
    return {
        Path(folder) / f"{name}-{first:06}-{last:06}.npz": (first, last) for first, last in jobs
    }


def prune_neurons(X: Array, W: Array, epsilon: float, first: int, last: int, path: Path) -> None:
    """One task: neurons first to last - 1, solved, certified and written, all or none."""
    Y = np.maximum(W[:, first:last].T @ X, 0)
    radii, start = epsilon * np.linalg.norm(Y, axis=1), time.process_time()
    answer = solve(NetTrim(X, Y, radii), "exact")
    proof, run, cpu = answer.report.certificate, answer.report.run, time.process_time() - start
    part = path.with_name(f".{os.getpid()}-{path.name}")  # tasks of lost workers run twice
    np.savez(
        part,
        W=answer.W,
        dual=answer.dual.astype(np.float32),
        proof=[proof.upper, proof.lower, proof.violation, run.iterations, run.elapsed, cpu],
    )
    part.replace(path)


def gather(files: dict[Path, tuple[int, int]]) -> Pruned:
    """The layer's answer from the files, without the dual: each is opened, none is kept."""
    columns, proofs = [], []
    for path in files:
        with np.load(path) as stored:
            columns.append(stored["W"])
            proofs.append(stored["proof"])
    upper, lower, violation, events, elapsed, _ = np.transpose(proofs)
    certificate = Certificate(float(upper.sum()), float(lower.sum()), float(violation.max()))
    run = settle(Run(Status.FAILED, int(events.sum()), float(elapsed.sum())), certificate, 1e-6)
    notes = (f"{len(files)} batches, each solved and certified by itself.",)
    return Pruned(np.hstack(columns), None, Report("exact", run, certificate, notes))


# What a neuron costs ------------------------------------------------------------------------------


def layer(rng: np.random.Generator, N: int, M: int, P: int, share: float) -> tuple[Array, Array]:
    """X (N, P) standard normal; W (N, M) standard normal, a share of its entries not 0."""
    W = rng.standard_normal((N, M)) * (rng.random((N, M)) < share)
    return rng.standard_normal((N, P)), W


def neuron_cost(rng: np.random.Generator, scale: int, share: float) -> list[dict]:
    """Neurons of the layer GOAL with every side divided by `scale`: what the exact method does.

    inputs, samples  nonzero weights |S|, silent samples |K| that the dual presses on
    events           steps of the exact method
    seconds          of the process, one thread
    megabytes        most that the solver holds at once, beside the problem

    The more neurons, the smaller they are: scale / 2, at least 1.
    """
    N, _, P = (side // scale for side in GOAL)
    return [_cost(rng, N, P, share) for _ in range(max(1, scale // 2))]


def _cost(rng: np.random.Generator, N: int, P: int, share: float) -> dict:
    X, W = layer(rng, N, 1, P, share)
    Y = np.maximum(W.T @ X, 0)
    problem = NetTrim(X, Y, BALL * np.linalg.norm(Y, axis=1))
    del X
    start = time.process_time()
    answer = solve(problem, "exact")
    seconds = time.process_time() - start
    found = {
        "inputs": np.count_nonzero(answer.W),
        "samples": np.count_nonzero(answer.dual[~problem.Omega]),
        "events": answer.report.run.iterations,
        "gap": answer.report.certificate.gap,
        "seconds": seconds,
    }
    del answer
    tracemalloc.start()
    solve(problem, "exact")
    megabytes = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return {**found, "megabytes": megabytes}


def layer_on_dask(rng: np.random.Generator, scale: int, batch: int) -> dict:
    """The layer GOAL on two workers here, N and P divided by `scale`, M by its square; Dask's part.

    tasks, wall, gap  of the whole layer, wall in seconds
    solving, total    seconds of processes: inside the solver; all workers, client and scheduler
    idle              seconds of those processes in a second of wall in which nothing is done
    megabytes         in the files
    scatter           seconds to bring X to both workers, wall
    serial, same      six tasks here: seconds over theirs on a worker; largest |difference| of W
    dask, loky        milliseconds for a task that does nothing, wall
    """
    from distributed import Client, LocalCluster

    N, M, P = GOAL
    X, W = layer(rng, N // scale, M // scale**2, P // scale, share=0.2)
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        TemporaryDirectory() as folder,
        LocalCluster(host="127.0.0.1", **settings) as cluster,
        Client(cluster) as client,
    ):
        client.run(_cpu)  # imports take seconds
        begin, wall = _cpu() + sum(client.run(_cpu).values()), time.perf_counter()
        answer = prune_layer(X, W, BALL, client, folder, batch)
        wall = time.perf_counter() - wall
        total = _cpu() + sum(client.run(_cpu).values()) - begin
        begin = _cpu() + sum(client.run(_cpu).values())
        time.sleep(5)
        idle = (_cpu() + sum(client.run(_cpu).values()) - begin) / 5
        files = layer_files(X, W, BALL, folder, batch)
        stored = [np.load(path) for path in files]
        found = {"tasks": len(files), "wall": wall, "idle": idle}
        found["gap"] = answer.report.certificate.gap
        found |= {"solving": sum(float(s["proof"][-1]) for s in stored), "total": total}
        found["megabytes"] = sum(path.stat().st_size for path in files) / 1e6
        start = time.perf_counter()
        client.scatter(X, broadcast=True, hash=False)
        found["scatter"] = time.perf_counter() - start
        ratios, off = [], 0.0
        for k in np.linspace(0, len(files) - 1, 6).astype(int):
            job, here = list(files.values())[k], Path(folder) / f"here-{k}.npz"
            prune_neurons(X, W, BALL, *job, here)
            with np.load(here) as own:
                ratios.append(own["proof"][-1] / stored[k]["proof"][-1])
                off = max(off, float(np.abs(own["W"] - stored[k]["W"]).max()))
        start = time.perf_counter()
        client.gather(client.map(abs, range(200), pure=False))
        found["dask"] = (time.perf_counter() - start) * 5
    with joblib.Parallel(2, batch_size=1) as pool:
        pool(joblib.delayed(abs)(k) for k in range(8))
        start = time.perf_counter()
        pool(joblib.delayed(abs)(k) for k in range(200))
        found["loky"] = (time.perf_counter() - start) * 5
    return {**found, "serial": float(np.median(ratios)), "same": off}


def _cpu() -> float:
    return time.process_time()  # of this module: workers import it before anything is counted


SIZES = {"share": (0.05, 0.2), "scale": (40, 28, 20, 14, 10, 5)}
COST = Sweep("neuron-cost", 2, neuron_cost, [SIZES, {"share": (0.2,), "scale": (2,)}], trials=2)
FULL = replace(COST, grid={"share": (0.2,), "scale": (1,)}, trials=1)  # 13 GB; the same file
LAYER = Sweep("layer-on-dask", 2, layer_on_dask, {"scale": (10,), "batch": (4,)}, trials=1)
