"""Cascades in the calorimeter: the mean energy of each cell, given how one cascade develops.

Each electromagnetic cascade has a length and a shape of its own; how its energy then spreads over
the cells is the mean profile. Fluctuations of single cells follow in the generator.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from trigger.events.showers_calorimeter import (
    ATOMIC_NUMBER,
    CELLS,
    CRITICAL_ENERGY_MEV,
    LAYERS,
    MINIMUM_IONISATION_MEV_PER_MM,
    MOLIERE_RADIUS_MM,
    PION_LENGTH_MM,
    RADIATION_LENGTH_MM,
    Floats,
    share_of_cells,
)

COLUMNS = CELLS + len(LAYERS) + 1
"""Of a table of energies: the cells of all layers, the overflow beside each layer, and what leaks
out at the back and the front."""

Energies = npt.NDArray[np.float32]
"""(n, COLUMNS) GeV."""


def electromagnetic(
    energy_gev: Floats, start_mm: Floats, slope: Floats, rng: np.random.Generator
) -> Energies:
    """Return mean energies of electromagnetic cascades, shape (n, COLUMNS) GeV.

    Depth of the maximum and shape fluctuate together and the radial profile has a core and a tail
    that widen with depth, all as for homogeneous media in G. Grindhammer and S. Peters,
    hep-ex/0001020, appendix A.1, whose constants stand here, with the mean medium of the sandwich.

    Args:
        energy_gev, start_mm: shape (n,); a start in front of the calorimeter is negative.
        slope: (n, 2) dx/dz, dy/dz of the axis, which leaves the beam's at the start.
    """
    z = ATOMIC_NUMBER
    # Near the critical energy the published forms end: they are kept at their last value.
    log_y = np.log(np.maximum(1000 * energy_gev / CRITICAL_ENERGY_MEV, 10.0))
    log_e = np.log(np.maximum(energy_gev, 0.1))
    first, second = rng.standard_normal((2, len(energy_gev)))
    correlation = 0.705 - 0.023 * log_y
    common, own = np.sqrt((1 + correlation) / 2) * first, np.sqrt((1 - correlation) / 2) * second
    maximum = (log_y - 0.812) * np.exp((common + own) / (-1.4 + 1.26 * log_y))
    mean_shape = 0.81 + (0.458 + 2.26 / z) * log_y
    shape = np.maximum(mean_shape * np.exp((common - own) / (-0.58 + 0.86 * log_y)), 1.1)
    rate = (shape - 1) / maximum / RADIATION_LENGTH_MM
    k4, p3 = 0.3585 + 0.0421 * log_e, 1.313 - 0.0686 * log_e

    def spread(behind_mm: Floats) -> list[tuple[Floats, Floats]]:
        tau = behind_mm / RADIATION_LENGTH_MM / maximum
        core = 0.0251 + 0.00319 * log_e + (0.1162 - 0.000381 * z) * tau
        wide = np.exp(-2.59 * (tau - 0.645)) + np.exp(np.minimum(k4 * (tau - 0.645), 3))
        tail = (0.659 - 0.00309 * z) * wide
        steep = (0.401 + 0.00187 * z - tau) / p3
        weight = np.clip((2.632 - 0.00094 * z) * np.exp(steep - np.exp(steep)), 0, 1)
        return [(weight, core * MOLIERE_RADIUS_MM), (1 - weight, tail * MOLIERE_RADIUS_MM)]

    return _spread_out(energy_gev, start_mm, slope, shape, rate, spread)


def hadronic(energy_gev: Floats, start_mm: Floats) -> Energies:
    """Return mean energies of what is not electromagnetic in hadronic cascades, (n, COLUMNS) GeV.

    The depth behind the first interaction follows the hadronic term of R. K. Bock, T.
    Hansl-Kozanecka and T. P. Shah, Nucl. Instrum. Meth. 186 (1981) 533. The median radius, 10 mm
    and a fifth of that depth, is a choice.

    Args:
        energy_gev, start_mm: energy to deposit and place of the first interaction, shape (n,).
    """
    log_e = np.log(np.maximum(energy_gev, 1.0))
    shape, rate = 0.6165 + 0.3193 * log_e, (0.9099 - 0.0237 * log_e) / PION_LENGTH_MM
    straight = np.zeros((len(energy_gev), 2))

    def spread(behind_mm: Floats) -> list[tuple[Floats, Floats]]:
        return [(np.ones(len(energy_gev)), 10 + 0.2 * behind_mm)]

    return _spread_out(energy_gev, start_mm, straight, shape, rate, spread)


def track(end_mm: Floats) -> Energies:
    """Return mean energies of minimum-ionising tracks along the beam, from the front to ``end_mm``,
    shape (n, COLUMNS) GeV. Delta rays spread them by a median radius of 1 mm."""
    energies = np.zeros((len(end_mm), COLUMNS), np.float32)
    begin = 0
    for number, layer in enumerate(LAYERS):
        front, back = layer.depths_mm[0], layer.depths_mm[-1]
        deposit = (np.clip(end_mm, front, back) - front) * MINIMUM_IONISATION_MEV_PER_MM / 1000
        share = share_of_cells(layer, np.zeros(1), np.zeros(1), np.ones(1)).reshape(1, -1)
        energies[:, begin : begin + layer.cells] = share * deposit[:, None]
        energies[:, CELLS + number] = deposit * (1 - share.sum())
        begin += layer.cells
    return energies


def _spread_out(
    energy_gev: Floats,
    start_mm: Floats,
    slope: Floats,
    shape: Floats,
    rate_per_mm: Floats,
    spread: Callable[[Floats], list[tuple[Floats, Floats]]],
) -> Energies:
    """Return mean energies of cascades whose depth follows a gamma distribution.

    Args:
        shape, rate_per_mm: of the gamma distribution of the depth behind ``start_mm``.
        spread: weights and median radii in mm of the radial components at a depth behind the start.
    """
    from scipy.special import gammainc

    energies = np.zeros((len(energy_gev), COLUMNS), np.float32)
    begin = 0
    for number, layer in enumerate(LAYERS):
        depths = np.array(layer.depths_mm)
        behind = np.maximum(depths - start_mm[:, None], 0)
        grown = energy_gev[:, None] * gammainc(shape[:, None], rate_per_mm[:, None] * behind)
        cells = np.zeros((len(energy_gev), *layer.shape), np.float32)
        for step in range(len(depths) - 1):
            deposit = grown[:, step + 1] - grown[:, step]
            middle = (behind[:, step] + behind[:, step + 1]) / 2
            x, y = (slope * middle[:, None]).T
            for weight, radius in spread(middle):
                energy = (deposit * weight).astype(np.float32)
                cells += share_of_cells(layer, x, y, radius) * energy[:, None, None]
        energies[:, begin : begin + layer.cells] = cells.reshape(len(cells), -1)
        beside = grown[:, -1] - grown[:, 0] - cells.sum(axis=(1, 2))
        energies[:, CELLS + number] = np.maximum(beside, 0)
        begin += layer.cells
    energies[:, -1] = np.maximum(energy_gev - energies[:, :-1].sum(axis=1), 0)
    return energies
