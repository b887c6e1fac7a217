"""Benchmarks are collected when they are asked for alone, by `pytest --benchmark-only`.

The head lines name the BLAS kernels that run. `floor` is what a time is measured in: a Newton
method cannot do with less than one product A'A of the problem's size and one Cholesky factor.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import cho_factor
from threadpoolctl import threadpool_info

FORCED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """The BLAS kernels, and whether the environment forces them."""
    if not config.getoption("benchmark_only", False):
        return []
    kernels = {
        f"{one['internal_api']} {one['version']}, kernel {one.get('architecture', 'unknown')}"
        for one in threadpool_info()
        if one["user_api"] == "blas"
    }
    forced = [f"{name}={os.environ[name]}" for name in FORCED if name in os.environ]
    return [
        f"BLAS: {'; '.join(sorted(kernels))}",
        *(
            f"The environment forces this kernel ({one}): dense products may be slower, and so "
            "the ratios smaller, than they need be; unset it to measure."
            for one in forced
        ),
    ]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out of an ordinary run of the tests."""
    return None if config.getoption("benchmark_only", False) else True


@pytest.fixture
def compilation() -> Callable[[], AbstractContextManager[list[float]]]:
    """A context that collects the processor seconds cvxpy spends on translating models."""
    import cvxpy as cp

    @contextmanager
    def collected() -> Iterator[list[float]]:
        seconds, original = [], cp.Problem.get_problem_data

        def timed(*args, **options):
            start = time.process_time()
            try:
                return original(*args, **options)
            finally:
                seconds.append(time.process_time() - start)

        cp.Problem.get_problem_data = timed
        try:
            yield seconds
        finally:
            cp.Problem.get_problem_data = original

    return collected


@pytest.fixture
def floor() -> Callable[[int, int], float]:
    """(L, n) -> processor seconds of A'A and its Cholesky factor, A (L, n); median of five."""

    def measured(L: int, n: int) -> float:
        A, seconds = np.random.default_rng(0).standard_normal((L, n)), []
        for _ in range(5):
            start = time.process_time()
            cho_factor(A.T @ A, lower=True, overwrite_a=True)
            seconds.append(time.process_time() - start)
        return float(np.median(seconds))

    return measured
