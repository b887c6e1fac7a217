"""Figure of lesson 21: its facts."""

import numpy as np
import pytest

from kit.course.figures import layer as figures


def test_epsilon_view_tells_support_error_and_certificate():
    X, w, y = figures.teacher()
    assert X.shape == (40, 160) and np.array_equal(y, np.maximum(w @ X, 0))
    previous = np.inf
    for share in (0.05, 0.15, 0.5):
        _, facts = figures.epsilon_view(share)
        assert facts["gap"] <= 1e-6 and facts["error"] <= share * (1 + 1e-8)
        assert facts["touching"] == facts["nonzeros"] and facts["proved"] < 1e-8
        assert facts["value"] < previous and facts["lam"] > 0
        previous = facts["value"]


def test_epsilon_view_at_the_ends():
    _, all_zero = figures.epsilon_view(1.0)
    assert all_zero["nonzeros"] == all_zero["value"] == 0
    _, exact = figures.epsilon_view(0.0)
    assert exact["error"] < 1e-8
    for bad in (-0.1, 1.1):
        with pytest.raises(ValueError, match="share"):
            figures.epsilon_view(bad)
