"""The geometry against points of real event files."""

from __future__ import annotations

import numpy as np
import pytest

from trigger.events import wires


def test_a_line_of_a_real_event_file() -> None:
    """layer=0 wire=21 XE=-76.671368 YE=-18.407167 XW=-74.990806 YW=24.365990."""
    index = wires.wire_index(0, 21)
    assert wires.EAST_MM[index] == pytest.approx([-76.671368, -18.407167], abs=5e-4)
    assert wires.WEST_MM[index] == pytest.approx([-74.990806, 24.365990], abs=5e-4)


def test_a_row_of_a_real_csv_file() -> None:
    """Layer 0, wire 10 lies at X 14.805, Y 74.431."""
    assert wires.MIDPOINT_UM[wires.wire_index(0, 10)].tolist() == [14805, 74431]


def test_numbers_of_the_chamber() -> None:
    assert len(wires.LAYERS) == 43
    assert wires.WIRES == 6796
    stereo = [*range(8), *range(20, 36)]
    assert np.flatnonzero(wires.STEREO).tolist() == stereo


def test_axial_wires_are_parallel_to_the_axis() -> None:
    axial = ~wires.STEREO[wires.LAYER_OF_WIRE]
    assert np.array_equal(wires.EAST_MM[axial], wires.WEST_MM[axial])


def test_layers_do_not_overlap() -> None:
    radii = [layer.end_radius_mm for layer in wires.LAYERS]
    assert radii == sorted(radii)
    assert min(np.diff(radii)) > 11


@pytest.mark.parametrize("layer", range(43))
def test_wires_of_a_layer_lie_on_one_circle_at_even_steps(layer: int) -> None:
    first = wires.FIRST_WIRE[layer]
    ends = wires.EAST_MM[first : first + wires.CELLS[layer]]
    assert np.hypot(*ends.T) == pytest.approx(wires.LAYERS[layer].end_radius_mm, abs=1e-9)
    steps = np.diff(np.unwrap(np.arctan2(ends[:, 1], ends[:, 0])))
    assert steps == pytest.approx(2 * np.pi / wires.CELLS[layer], abs=1e-12)


def test_wire_index_counts_all_wires_once() -> None:
    layers = np.repeat(np.arange(43), wires.CELLS)
    numbers = np.concatenate([np.arange(cells) for cells in wires.CELLS])
    assert np.array_equal(wires.wire_index(layers, numbers), np.arange(6796))
