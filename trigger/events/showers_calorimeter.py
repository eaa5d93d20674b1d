"""The calorimeter of the CaloGAN data set: cells, materials, and mean shower profiles over cells.

80 sandwiches of 2 mm lead and 4 mm liquid argon, read out in three layers over 480 mm x 480 mm (M.
Paganini, L. de Oliveira, B. Nachman, Phys. Rev. D 97 (2018) 014021, arXiv:1712.10321). z runs from
the front face, x along the first axis of a layer's array (phi), y along the second (eta); the beam
meets the front face at x = y = 0. Profiles are per unit of energy and cover absorber and gaps, as
the cells of that data set do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

HALF_WIDTH_MM = 240.0


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of read-out cells."""

    shape: tuple[int, int]
    """Cells along x, along y."""
    depths_mm: tuple[float, ...]
    """Front, borders of the steps of depth in which profiles are summed up, and back: two radiation
    lengths a step where showers have their maximum, more behind it."""

    @property
    def edges_mm(self) -> tuple[Floats, Floats]:
        """Borders of cells in x and in y."""
        x, y = (np.linspace(-HALF_WIDTH_MM, HALF_WIDTH_MM, cells + 1) for cells in self.shape)
        return x, y

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.shape[0] * self.shape[1]


LAYERS = (
    Layer((3, 96), (0.0, 30.0, 60.0, 90.0)),
    Layer((12, 12), (90.0, 115.0, 140.0, 170.0, 210.0, 270.0, 437.0)),
    Layer((12, 6), (437.0, 480.0)),
)
CELLS = sum(layer.cells for layer in LAYERS)

# Lead and liquid argon: share of the mass in a sandwich, atomic number and weight, radiation length
# and interaction length of pions in g/cm2 (Particle Data Group, atomic and nuclear properties).
_LEAD_G_PER_CM2, _ARGON_G_PER_CM2 = 0.2 * 11.35, 0.4 * 1.39
_MASS = np.array([_LEAD_G_PER_CM2, _ARGON_G_PER_CM2])
_SHARE = _MASS / _MASS.sum()
_Z, _A = np.array([82, 18]), np.array([207.2, 39.95])
_X0, _PION_LENGTH = np.array([6.37, 19.55]), np.array([226.2, 149.0])
_DENSITY = _MASS.sum() / 0.6
_CRITICAL_MEV = 2.66 * (_X0 * _Z / _A) ** 1.1  # Grindhammer and Peters, hep-ex/0001020

RADIATION_LENGTH_MM = float(10 / (_SHARE / _X0).sum() / _DENSITY)
MOLIERE_RADIUS_MM = float(10 * 21.2 / (_SHARE * _CRITICAL_MEV / _X0).sum() / _DENSITY)
CRITICAL_ENERGY_MEV = float((_SHARE * _CRITICAL_MEV / _X0).sum() / (_SHARE / _X0).sum())
PION_LENGTH_MM = float(10 / (_SHARE / _PION_LENGTH).sum() / _DENSITY)
ATOMIC_NUMBER = float((_SHARE * _Z).sum())
MINIMUM_IONISATION_MEV_PER_MM = float((_MASS * [1.123, 1.508]).sum() / 6)
"""Mean loss of a minimum-ionising particle: 1.123 and 1.508 MeV cm2/g over the 6 mm."""


def share_of_cells(
    layer: Layer, x_mm: Floats, y_mm: Floats, radius_mm: Floats
) -> npt.NDArray[np.float32]:
    """Return the share of energy in each cell of a layer for n sources, shape (n, x, y).

    The energy falls off as 2 r R^2 / (r^2 + R^2)^2 from an axis at (x, y) with R the median radius,
    the form of hep-ex/0001020, whose integral over a rectangle is elementary.

    Args:
        x_mm, y_mm, radius_mm: shape (n,).
    """
    edges_x, edges_y = layer.edges_mm
    x = (edges_x - x_mm[:, None]).astype(np.float32)[:, :, None]
    y = (edges_y - y_mm[:, None]).astype(np.float32)[:, None, :]
    square = (radius_mm**2).astype(np.float32)[:, None, None]
    scale_x, scale_y = 1 / np.sqrt(x * x + square), 1 / np.sqrt(y * y + square)
    corner = x * scale_x * np.arctan(y * scale_x)
    corner += y * scale_y * np.arctan(x * scale_y)
    rows = corner[:, 1:] - corner[:, :-1]
    return np.asarray(np.maximum(rows[:, :, 1:] - rows[:, :, :-1], 0) / np.float32(2 * np.pi))
