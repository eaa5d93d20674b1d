"""Generate drift-chamber events: decay kinematics, then detector, in chunks with their own seeds.

Event k of a (reaction, seed, options) is the same however many events are asked for, in whatever
order chunks are made and on however many processes: chunk i draws from
SeedSequence([seed, reaction, i]) alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events.drift_chamber_kinematics import Reaction, final_state
from trigger.events.hit_batch import HitBatch, Species, Truth
from trigger.events.wires import FIRST_WIRE, LAYER_OF_WIRE

GENERATOR_VERSION = 2
"""Raised whenever the same seed gives other hits."""

CHUNK_EVENTS = 1000

_SEED_WORD = {Reaction.JPSI_EE: 0, Reaction.JPSI_MUMU: 1, Reaction.CONTINUUM: 2}

_SPECIES = {
    Reaction.JPSI_EE: (Species.PI_PLUS, Species.PI_MINUS, Species.E_PLUS, Species.E_MINUS),
    Reaction.JPSI_MUMU: (Species.PI_PLUS, Species.PI_MINUS, Species.MU_PLUS, Species.MU_MINUS),
    Reaction.CONTINUUM: (Species.PI_PLUS, Species.PI_MINUS, Species.MU_PLUS, Species.MU_MINUS),
}

_SPOT_CM, _SPOT_SPREAD_CM = (0.02, -0.154, 0.0), (0.038, 0.001, 1.1)
_T0_RANGE = (480, 680)


@dataclass(frozen=True, slots=True)
class GeneratorOptions:
    """Choices of physics that change the hits."""

    charge_ceiling: bool = False
    """Cut each charge at 375 electrons, the range of the electronics as quoted from memory. It
    separates electrons from muons better, so it stays off until somebody confirms it."""
    path_normalised: bool = True
    """Charge is dE/dx as in public BESIII simulation code, not proportional to the path."""
    noise_hits: float = 60.0
    """Mean number of beam-background hits per event."""
    radiation: bool = True
    """Final-state radiation and bremsstrahlung."""

    def __post_init__(self) -> None:
        if not 0 <= self.noise_hits <= 2000:
            raise EventError(
                f"noise_hits is {self.noise_hits}", where="generator options", allowed="0..2000"
            )


def generate_chunk(
    reaction: Reaction,
    index: int,
    seed: int,
    options: GeneratorOptions | None = None,
    events: int = CHUNK_EVENTS,
) -> HitBatch:
    """Return chunk ``index``; fewer ``events`` than CHUNK_EVENTS give another, smaller sample."""
    # numba takes a second to import, and readers of files do without it
    from trigger.events import drift_chamber_detector as detector
    from trigger.events.drift_chamber_ionisation import clusters_per_cm

    if seed < 0:
        raise EventError(f"seed is {seed}", where="generator", allowed="0 or more")
    options = options or GeneratorOptions()
    rng = np.random.default_rng(np.random.SeedSequence([seed, _SEED_WORD[reaction], index]))
    truth_momenta, momenta = final_state(reaction, events, options.radiation, rng)
    beta_gamma = np.sqrt((momenta**2).sum(axis=2)) / reaction.masses_gev
    rates = clusters_per_cm(beta_gamma)
    origins = rng.normal(_SPOT_CM, _SPOT_SPREAD_CM, (events, 3))
    t0 = rng.integers(*_T0_RANGE, events)

    chamber, readout = detector.build_chamber(), detector.build_readout()
    response = detector.build_response(options.path_normalised, options.charge_ceiling)
    signs = np.array([1.0, -1.0, 1.0, -1.0])
    ends = np.zeros((events, 4, 3))
    hits: list[npt.NDArray[np.int64]] = []
    for event in range(events):
        count = detector.simulate_event(
            momenta[event],
            signs,
            origins[event],
            rates[event],
            float(t0[event]),
            float(options.noise_hits),  # an int would be compiled anew
            ends[event],
            chamber,
            response,
            readout,
            rng,
        )
        wire = readout.order[:count]
        hits.append(
            np.stack([wire, readout.ticks[wire], readout.charge[wire], readout.owner[wire]])
        )
        detector.clear(readout, count)
    return _batch(reaction, index * events, t0, hits, truth_momenta, origins, ends)


def _batch(
    reaction: Reaction,
    first_number: int,
    t0: npt.NDArray[np.int64],
    hits: list[npt.NDArray[np.int64]],
    momenta: npt.NDArray[np.float64],
    origins: npt.NDArray[np.float64],
    ends: npt.NDArray[np.float64],
) -> HitBatch:
    events = len(t0)
    wire, ticks, charge, track = np.concatenate(hits, axis=1)
    layer = LAYER_OF_WIRE[wire]
    return HitBatch(
        event_numbers=first_number + np.arange(events),
        t0=t0,
        offsets=np.concatenate([[0], np.cumsum([event.shape[1] for event in hits])]),
        layer=layer.astype(np.uint8),
        wire=(wire - FIRST_WIRE[layer]).astype(np.uint16),
        time_ticks=ticks.astype(np.int32),
        charge_adc=charge.astype(np.int32),
        track=track.astype(np.int8),
        truth=Truth(
            species=np.tile(np.array(_SPECIES[reaction], np.int8), (events, 1)),
            momentum_gev=_six_decimals(momenta),
            origin_cm=_six_decimals(np.repeat(origins[:, None], 4, axis=1)),
            end_cm=_six_decimals(ends),
        ),
    )


def _six_decimals(array: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round to what the text format holds, so that a written file reads back as the same batch."""
    return np.round(array, 6)
