"""Four-momenta: decays and boosts. Arrays of momenta are (n, 4): E, px, py, pz in GeV."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def two_body(
    parents: Floats, first_mass: npt.ArrayLike, second_mass: npt.ArrayLike, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the daughters of isotropic decays of (n, 4) parents, (n, 4) each."""
    mass = np.sqrt(parents[:, 0] ** 2 - (parents[:, 1:] ** 2).sum(axis=1))
    size = decay_momentum(mass, first_mass, second_mass)
    momentum = isotropic(len(parents), rng) * size[:, None]
    velocity = parents[:, 1:] / parents[:, :1]
    first, second = on_shell(momentum, first_mass), on_shell(-momentum, second_mass)
    return boost(first, velocity), boost(second, velocity)


def decay_momentum(parent: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
    """Momentum of the daughters in the frame of the parent, from the three masses."""
    parent, first, second = (np.asarray(mass, dtype=float) for mass in (parent, first, second))
    square = (parent**2 - (first + second) ** 2) * (parent**2 - (first - second) ** 2)
    return np.asarray(np.sqrt(np.maximum(square, 0)) / (2 * parent))


def on_shell(momentum: Floats, mass: npt.ArrayLike) -> Floats:
    """Return (n, 4) momenta of (n, 3) ones and their masses, one or (n,)."""
    energy = np.sqrt((momentum**2).sum(axis=1) + np.asarray(mass) ** 2)
    return np.concatenate([energy[:, None], momentum], axis=1)


def boost(momenta: Floats, velocity: Floats) -> Floats:
    """Boost (n, 4) momenta by (n, 3) velocities."""
    square = (velocity**2).sum(axis=1)
    gamma = 1 / np.sqrt(1 - square)
    along = (velocity * momenta[:, 1:]).sum(axis=1)
    # gamma^2 / (gamma + 1) is (gamma - 1) / v^2 without the division by zero at rest
    factor = gamma**2 / (gamma + 1) * along + gamma * momenta[:, 0]
    energy = gamma * (momenta[:, 0] + along)
    return np.concatenate([energy[:, None], momenta[:, 1:] + factor[:, None] * velocity], axis=1)


def isotropic(events: int, rng: np.random.Generator) -> Floats:
    """Return unit vectors, (n, 3)."""
    return direction(rng.uniform(-1, 1, events), rng)


def direction(cosine: Floats, rng: np.random.Generator) -> Floats:
    """Return unit vectors of polar angles given by their cosines, of any azimuth, (n, 3)."""
    azimuth = rng.uniform(-np.pi, np.pi, len(cosine))
    sine = np.sqrt(1 - cosine**2)
    return np.stack([sine * np.cos(azimuth), sine * np.sin(azimuth), cosine], axis=1)
