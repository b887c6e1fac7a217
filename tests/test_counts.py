"""Facts of the figures that count measurements and samples."""

from math import comb, pi
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from kit.course.drawing import png
from kit.course.figures import counts
from kit.experiments import collect, values
from kit.experiments.bilinear import wendel
from kit.experiments.neurons import neuron_chance
from kit.experiments.trials import PAPER

RESULTS = Path(__file__).parents[1] / "notebooks" / "results"


@pytest.mark.parametrize("count", [2, 5, 9])
@pytest.mark.parametrize("seed", [0, 3])
def test_the_half_plane_count_is_wendels(count, seed):
    figure, facts = counts.half_plane(count, seed)
    assert isinstance(figure, Figure)
    assert facts["of which leave 0 outside"] == facts["Wendel's count"]
    assert facts["Wendel's count"] == 2 * sum(comb(count - 1, k) for k in range(2))
    share = facts["of which leave 0 outside"] / facts["sign patterns"]
    assert share == pytest.approx(1 - wendel(count, 2, 2))  # d = K + N - 2 = 2


def test_the_widest_gap_decides_whether_a_half_plane_holds_all():
    assert counts.widest_gap(np.array([0.1, 1.0, 2.0])) > pi
    assert counts.widest_gap(np.array([0.1, 2.0, 4.2])) < pi
    assert counts.widest_gap(np.array([3.0, -3.0])) == pytest.approx(6.0)


def test_verdicts_state_the_empty_space_between():
    _, facts = counts.verdicts([1e-16, 3e-16, 1e-3, 0.2])
    assert facts["largest that is rounding"] == 3e-16 and facts["smallest that is not"] == 1e-3
    assert facts["powers of ten between"] == pytest.approx(np.log10(1e-3 / 3e-16))


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


def test_a_cell_of_the_l2_map_is_solved_again():
    rows = collect(PAPER["l2-map"], RESULTS)
    figure, facts = counts.l2_cell(rows, K=6, L=20)
    assert facts["stored"] == facts["solved again"] and 0 < facts["stored"] < 1
    assert facts["promised"] == pytest.approx(wendel(20, 6, 6)) and len(figure.axes) == 3
    assert png(figure) == png(counts.l2_cell(rows, K=6, L=20)[0])
    changed = [{**row, "residual": 0.0} for row in rows]
    _, facts = counts.l2_cell(changed, K=6, L=20)
    assert facts["stored"] == 1 != facts["solved again"]
    with pytest.raises(ValueError, match="K must be one of"):
        counts.l2_cell(rows, K=7)


def test_a_cell_of_the_neuron_map_is_solved_again():
    rows = collect(PAPER["neuron-map"], RESULTS)
    _, facts = counts.neuron_cell(rows, N=40, s=4, P=24)
    assert facts["stored"] == facts["solved again"] and 0 < facts["stored"] < 1
    assert facts["chance"] == pytest.approx(neuron_chance(24, 40, 4))
    assert values(rows, "N") == [40, 80]
    with pytest.raises(ValueError, match="s must be one of"):
        counts.neuron_cell(rows, s=5)
