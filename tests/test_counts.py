"""Facts of the figures that count measurements and samples."""

from pathlib import Path

import numpy as np
import pytest

from kit.course.figures import counts
from kit.experiments import collect, values
from kit.experiments.neurons import neuron_chance
from kit.experiments.trials import PAPER

RESULTS = Path(__file__).parents[1] / "notebooks" / "results"


def test_panels_state_deviations():
    x, promised = np.arange(3), np.array([0.2, 0.5, 0.8])
    _, facts = counts.panels({"a": (x, np.add(promised, [0, 0.1, 0]), promised, 25)}, "x")
    assert facts["largest deviation"] == pytest.approx(1.0) and facts["points"] == 3
    assert facts["mean square"] == pytest.approx(1 / 3)
    assert facts["mean difference"] == pytest.approx(0.1 / 3)


def test_constants_compare_with_the_theorem():
    _, facts = counts.constants({(100, 5): (45.0, 40.0), (50, 4): (30.0, 27.0)})
    scale = 5 * np.log(20), 4 * np.log(12.5)
    assert facts["least constant"] == pytest.approx(min(45 / scale[0], 30 / scale[1]))
    assert facts["and at most"] == pytest.approx(51 * np.log(50) / 30)


def test_a_cell_of_the_neuron_map_is_solved_again():
    rows = collect(PAPER["neuron-map"], RESULTS)
    _, facts = counts.neuron_cell(rows, N=40, s=4, P=24)
    assert facts["stored"] == facts["solved again"] and 0 < facts["stored"] < 1
    assert facts["chance"] == pytest.approx(neuron_chance(24, 40, 4))
    assert values(rows, "N") == [40, 80]
    with pytest.raises(ValueError, match="s must be one of"):
        counts.neuron_cell(rows, s=5)
