"""Benchmarks are collected when they are asked for alone, by `pytest --benchmark-only`."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out of an ordinary run of the tests."""
    return None if config.getoption("benchmark_only", False) else True
