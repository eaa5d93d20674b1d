"""Ionisation in He:C3H8 60:40: clusters per cm against beta gamma, electrons per cluster.

Collisions are split in two. Soft ones (excitation and distant collisions) rise relativistically and
saturate by the density effect; close ones (Rutherford, at least two electrons) follow 1 / beta^2
alone. Without the split an electron would leave 1.58 times the charge of a minimum-ionising
particle; with it 1.3, as published for such gases.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PRIMARY_CLUSTERS_PER_CM = 29.0
"""Of a minimum-ionising particle (beta gamma 3.5)."""

_MINIMUM_BETA_GAMMA = 3.5
_MOST_ELECTRONS = 600
"""Longest cluster; the tail beyond falls as 1 / n^2 and is cut by the electronics anyway."""

# Cluster sizes 1..10 in per cent as measured in CH4 by Fischle, Heintze and Schmidt, Nucl. Instr.
# Meth. A 301 (1991) 202, with 21.6 / n^2 per cent beyond: quoted from memory, not checked.
_SMALL_CLUSTERS = (78.6, 12.0, 3.4, 1.6, 0.95, 0.60, 0.44, 0.34, 0.27, 0.21)
_TAIL_PERCENT = 21.6

# Rieke and Prepejchal, Phys. Rev. A 6 (1972) 1507: C / M^2 of the primary ionisation.
_RIEKE_PREPEJCHAL = 9.95

# Sternheimer density effect from the gas: density g/cm^3, Z/A, mean excitation energy in eV.
_DENSITY, _Z_OVER_A, _EXCITATION_EV = 8.33e-4, 0.579, 46.5
_STERNHEIMER_C = 2 * np.log(_EXCITATION_EV / (28.816 * np.sqrt(_DENSITY * _Z_OVER_A))) + 1
_STERNHEIMER_X0, _STERNHEIMER_X1, _STERNHEIMER_M = 1.55, 3.8, 3.5
_STERNHEIMER_A = (_STERNHEIMER_C - 2 * np.log(10) * _STERNHEIMER_X0) / (
    _STERNHEIMER_X1 - _STERNHEIMER_X0
) ** _STERNHEIMER_M


def _cluster_sizes() -> tuple[Floats, Floats, float]:
    """Return the densities of soft and close cluster sizes (index 0 is one electron) and the share
    of close collisions for a minimum-ionising particle."""
    electrons = np.arange(1, _MOST_ELECTRONS + 1)
    tail = _TAIL_PERCENT / electrons[len(_SMALL_CLUSTERS) :] ** 2
    whole = np.concatenate([_SMALL_CLUSTERS, tail])
    close = np.where(electrons >= 2, _TAIL_PERCENT / electrons**2, 0.0)
    soft = np.maximum(whole - close, 0.0)
    return soft, close, float(close.sum() / whole.sum())


_SOFT, _CLOSE, _CLOSE_SHARE = _cluster_sizes()

SOFT_CUMULATIVE: Floats = np.cumsum(_SOFT) / _SOFT.sum()
"""Probability that a soft cluster has at most index + 1 electrons."""

CLOSE_CUMULATIVE: Floats = np.cumsum(_CLOSE) / _CLOSE.sum()
"""The same for clusters of close collisions."""


def clusters_per_cm(beta_gamma: npt.ArrayLike) -> Floats:
    """Return the rates of soft and close collisions, shape (..., 2), for any shape of beta gamma.

    Below 0.2 the value at 0.2 is taken: such a particle stops before it is seen.
    """
    speed = np.maximum(np.asarray(beta_gamma, dtype=float), 0.2)
    minimum = np.array(_MINIMUM_BETA_GAMMA)
    total = PRIMARY_CLUSTERS_PER_CM * _rise(speed) / _rise(minimum)
    close = PRIMARY_CLUSTERS_PER_CM * _CLOSE_SHARE * _beta_squared(minimum) / _beta_squared(speed)
    return np.stack([np.maximum(total - close, 0.0), close], axis=-1)


def _beta_squared(beta_gamma: Floats) -> Floats:
    return np.asarray(beta_gamma**2 / (1 + beta_gamma**2))


def _rise(beta_gamma: Floats) -> Floats:
    """Primary ionisation against beta gamma, not normalised."""
    beta2 = _beta_squared(beta_gamma)
    logarithm = np.log(beta_gamma**2) - beta2 + _RIEKE_PREPEJCHAL - _density_effect(beta_gamma)
    return np.asarray(logarithm / beta2)


def _density_effect(beta_gamma: Floats) -> Floats:
    """Sternheimer's delta: 0 below X0, 2 ln(10) X - C above X1, with his power law between."""
    x = np.log10(beta_gamma)
    asymptote = 2 * np.log(10) * x - _STERNHEIMER_C
    between = asymptote + _STERNHEIMER_A * np.maximum(_STERNHEIMER_X1 - x, 0) ** _STERNHEIMER_M
    return np.where(x < _STERNHEIMER_X0, 0.0, between)
