"""Benchmarks are collected when they are asked for alone, by `pytest --benchmark-only`."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest


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
