"""The figures of calibration and blind deconvolution state errors that are recomputed here."""

import numpy as np
import pytest

from kit import branchhull
from kit.course.figures import calibration


def test_without_noise_gains_and_sources_are_exact_and_the_naive_ones_are_not():
    _, facts = calibration.gains()
    assert facts["products"] == 96 and facts["unknowns"] == 28
    assert max(facts["error of the gains"], facts["error of the sources"], facts["gap"]) < 1e-7
    data, truth = branchhull.self_calibration(np.random.default_rng(0), 24, 4, 6, snapshots=4)
    plain = np.linalg.solve(data.C.T @ data.C, data.C.T @ data.y)
    wrong = np.linalg.norm(plain - truth.m) / np.linalg.norm(truth.m)
    assert facts["without calibration"] == pytest.approx(wrong) and wrong > 0.05
    assert calibration.gains(ripple=0.0)[1]["without calibration"] < 1e-9


@pytest.mark.parametrize("noise", [0.02, 0.1])
def test_noise_moves_the_answer_and_the_gap_stays_closed(noise):
    _, facts = calibration.gains(noise=noise)
    assert noise / 10 < facts["error of the gains"] < 2 * noise
    assert facts["gap"] < 1e-8


def test_deconvolution_is_exact_without_noise():
    _, facts = calibration.deconvolution()
    assert max(facts["error of the kernel"], facts["error of the signal"]) < 1e-7
    assert facts["measured against the signal"] > 0.1
    assert calibration.deconvolution(noise=0.02)[1]["error of the kernel"] > 1e-4


def test_medians_over_snapshots():
    tables = {"a": np.array([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]]), "b": np.ones((2, 3))}
    assert calibration.against_snapshots(np.array([1, 4]), tables)[1] == {"a": (2, 5), "b": (1, 1)}
