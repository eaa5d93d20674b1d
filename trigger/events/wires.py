"""The wires of the BESIII main drift chamber: 43 layers, 6796 cells, from one table.

Every wire is straight. Its east end (z > 0) sits at ``end_radius_mm`` and azimuth

    phi_east(w) = first_azimuth + 2 pi w / cells,

its west end at the same radius and phi_east - twist; the wires of a stereo layer are twisted, those
of an axial layer are parallel to z. The numbers are those of the chamber's survey as published with
the package pybes3 (MIT licence), of which this table reproduces every end point within 0.0005 mm.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Layer(NamedTuple):
    """One cylindrical layer of sense wires."""

    cells: int
    end_radius_mm: float
    """Distance of both wire ends from the axis."""
    half_length_mm: float
    """|z| of both wire ends."""
    azimuth_offset_deg: float
    half_cell_shift: bool
    """Wire 0 starts half a cell after ``azimuth_offset_deg`` (at its east end)."""
    twist_cells: float
    """Azimuth of the east end minus that of the west end, in cells; 0 in an axial layer."""


LAYERS: tuple[Layer, ...] = (
    Layer(40, 78.85, 390.0, 0.0, True, 3.5),
    Layer(44, 90.7, 396.0, 0.0, False, 3.5),
    Layer(48, 102.9, 402.0, 0.0, True, 3.5),
    Layer(56, 115.25, 408.0, 0.0, False, 3.5),
    Layer(64, 127.2, 414.0, 0.0, True, -4.5),
    Layer(72, 138.75, 420.0, 0.0, False, -4.5),
    Layer(80, 150.1, 426.0, 0.0, True, -4.5),
    Layer(80, 161.6, 432.0, 0.0, False, -4.5),
    Layer(76, 197.0, 546.0, 1.18, True, 0.0),
    Layer(76, 213.0, 546.0, 1.18, False, 0.0),
    Layer(88, 229.55, 636.0, 1.18, True, 0.0),
    Layer(88, 245.55, 636.0, 1.18, False, 0.0),
    Layer(100, 262.15, 721.0, 1.18, True, 0.0),
    Layer(100, 278.2, 721.0, 1.18, False, 0.0),
    Layer(112, 294.65, 806.0, 1.18, True, 0.0),
    Layer(112, 310.6, 806.0, 1.18, False, 0.0),
    Layer(128, 326.9, 891.0, 0.0, True, 0.0),
    Layer(128, 342.65, 891.0, 0.0, False, 0.0),
    Layer(140, 358.75, 976.0, 0.0, True, 0.0),
    Layer(140, 374.55, 976.0, 0.0, False, 0.0),
    Layer(160, 399.75, 1087.0, 0.0, True, 6.0),
    Layer(160, 415.2, 1090.0, 0.0, False, 6.0),
    Layer(160, 431.2, 1093.0, 0.0, True, 6.0),
    Layer(160, 447.6, 1096.0, 0.0, False, 6.0),
    Layer(176, 464.15, 1099.0, 0.0, True, -6.5),
    Layer(176, 480.2, 1102.0, 0.0, False, -6.5),
    Layer(176, 496.85, 1105.0, 0.0, True, -6.5),
    Layer(176, 513.7, 1108.0, 0.0, False, -6.5),
    Layer(208, 530.35, 1111.0, 0.0, True, 7.5),
    Layer(208, 545.95, 1114.0, 0.0, False, 7.5),
    Layer(208, 562.15, 1117.0, 0.0, True, 7.5),
    Layer(208, 578.55, 1120.0, 0.0, False, 7.5),
    Layer(240, 594.75, 1123.0, 0.0, True, -8.5),
    Layer(240, 609.95, 1126.0, 0.0, False, -8.5),
    Layer(240, 625.65, 1129.0, 0.0, True, -8.5),
    Layer(240, 641.65, 1132.0, 0.0, False, -8.5),
    Layer(256, 666.8, 1138.0, 0.403125, True, 0.0),
    Layer(256, 682.85, 1141.0, 0.403125, False, 0.0),
    Layer(256, 699.15, 1144.0, 0.403125, True, 0.0),
    Layer(256, 715.7, 1147.0, 0.403125, False, 0.0),
    Layer(288, 732.1, 1150.0, 0.325, True, 0.0),
    Layer(288, 747.6, 1153.0, 0.325, False, 0.0),
    Layer(288, 763.45, 1153.0, 0.325, True, 0.0),
)
"""Index = layer number, from the inside out."""

WIRES = sum(layer.cells for layer in LAYERS)
"""Number of cells; a flat *wire index* counts them from layer 0 wire 0 on."""

NO_SENSE_WIRE: tuple[tuple[int, int], ...] = ((18, 27), (18, 42))
"""(layer, wire) of the cells that were built without a sense wire: they never give a hit."""

CELLS: npt.NDArray[np.int64] = np.array([layer.cells for layer in LAYERS])
"""Cells per layer, shape (43,)."""

FIRST_WIRE: npt.NDArray[np.int64] = np.concatenate([[0], np.cumsum(CELLS)[:-1]])
"""Flat index of wire 0 of each layer, shape (43,)."""

LAYER_OF_WIRE: npt.NDArray[np.int64] = np.repeat(np.arange(len(LAYERS)), CELLS)
"""Layer of each flat wire index, shape (6796,)."""

STEREO: npt.NDArray[np.bool_] = np.array([layer.twist_cells != 0 for layer in LAYERS])
"""Whether a layer's wires are twisted, shape (43,)."""


def first_azimuth_rad() -> npt.NDArray[np.float64]:
    """Return the azimuth of wire 0 at its east end, shape (43,)."""
    shift = np.array([layer.half_cell_shift for layer in LAYERS]) / 2
    offset = np.radians([layer.azimuth_offset_deg for layer in LAYERS])
    return np.asarray(offset + shift * 2 * np.pi / CELLS)


def twist_rad() -> npt.NDArray[np.float64]:
    """Return azimuth(east) - azimuth(west) of the wires of each layer, shape (43,)."""
    return np.asarray(np.array([layer.twist_cells for layer in LAYERS]) * 2 * np.pi / CELLS)


def _ends_mm() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    wire = np.arange(WIRES) - FIRST_WIRE[LAYER_OF_WIRE]
    cells, radius = CELLS[LAYER_OF_WIRE], np.array([row.end_radius_mm for row in LAYERS])
    east = first_azimuth_rad()[LAYER_OF_WIRE] + 2 * np.pi * wire / cells
    west = east - twist_rad()[LAYER_OF_WIRE]
    points = [
        radius[LAYER_OF_WIRE, None] * np.stack([np.cos(azimuth), np.sin(azimuth)], axis=1)
        for azimuth in (east, west)
    ]
    return points[0], points[1]


EAST_MM, WEST_MM = _ends_mm()
"""x, y of the wire ends by flat wire index, shape (6796, 2) each."""

MIDPOINT_UM: npt.NDArray[np.int64] = np.rint((EAST_MM + WEST_MM) * 500).astype(np.int64)
"""x, y half-way along each wire in whole micrometres, shape (6796, 2): the position of a hit in an
image. Whole numbers, so that pixels do not depend on the last bit of a cosine."""


def wire_index(layer: npt.ArrayLike, wire: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the flat wire index of (layer, wire) of any equal shapes; ranges are not checked."""
    return np.asarray(FIRST_WIRE[np.asarray(layer, dtype=np.int64)] + np.asarray(wire))
