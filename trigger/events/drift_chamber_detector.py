"""Tracks through the drift chamber: helices, cells, drift times, charges, noise. Compiled by numba.

A particle is stepped along its helix in a field of 1 T; each step is given to the nearest wire of
the layer it is in. When the track leaves a cell, the cell gives a hit: charge from the ionisation,
time from the shortest distance to the wire. Energy loss, scattering and decays on the way are left
out.

Lengths are cm, times ns, angles rad.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"
# numba infers the types of the compiled functions from their callers.

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from trigger.events import wires
from trigger.events.drift_chamber_ionisation import CLOSE_CUMULATIVE, SOFT_CUMULATIVE
from trigger.events.hit_batch import NOISE_TRACK, TIME_TICK_NS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

STEP_CM = 0.1
"""Length of a step in the transverse plane."""

LONGEST_ARC_CM = 400.0
"""A track is followed for two turns, but not farther than this in the transverse plane."""

SHORTEST_PATH_CM = 0.15
"""A track that only clips the corner of a cell gives no hit."""

CELL_EFFICIENCY = 0.98
THRESHOLD_ADC = 25.0
HIGHEST_ADC = 8191

GAIN_ADC_PER_ELECTRON = 6.34
"""Path-normalised charge. One constant for all: electrons of Bhabha events come out at 550 ADC
counts, the norm of BESIII's calibration."""

GAIN_ADC_PER_ELECTRON_PATH = 5.87
"""The same for charge that is proportional to the path."""

CEILING_ELECTRONS = 1800.0 / (3e4 * 1.602e-4)
"""Electronics range of 1800 fC at a gas gain of 3e4 (375 electrons): quoted from memory, not
confirmed by any document at hand; therefore an option that is off by default."""

_BEND_GEV_PER_CM = 0.00299792458  # pT = 0.3 B R for B = 1 T
_CM_PER_NS = 29.98
_NORMAL_PATH_CM = 1.62  # path that charges are normalised to: the size of a large cell
_GAIN_SHAPE = 1.5  # avalanche fluctuation of one electron: gamma distribution of this shape


class Chamber(NamedTuple):
    """Geometry in the form the compiled loops want; arrays of 43 layers, lengths in cm."""

    cells: Integers
    first_wire: Integers
    middle_radius: Floats
    end_radius: Floats
    half_length: Floats
    half_cell: Floats
    """Half the radial size of a cell."""
    middle_azimuth: Floats
    """Of wire 0 half-way along."""
    half_twist: Floats
    dead: npt.NDArray[np.bool_]
    """By flat wire index: cells without a sense wire."""


class Response(NamedTuple):
    """How collisions become ADC counts."""

    soft_sizes: Floats
    """Cumulative probability of cluster sizes 1, 2, ... of soft collisions."""
    close_sizes: Floats
    """The same for close collisions."""
    path_normalised: bool
    gain: float
    ceiling_electrons: float
    """Infinite when there is no ceiling."""


class Readout(NamedTuple):
    """One event in the making: what each wire holds; ``owner`` is -2 where it holds nothing."""

    owner: npt.NDArray[np.int64]
    ticks: npt.NDArray[np.int64]
    charge: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    """Wires in the order in which they were first hit."""


_EMPTY = -2


def build_chamber() -> Chamber:
    """Return the chamber of ``wires`` in cm."""
    twist = wires.twist_rad()
    end_radius = np.array([layer.end_radius_mm for layer in wires.LAYERS]) / 10
    dead = np.zeros(wires.WIRES, np.bool_)
    for layer, wire in wires.NO_SENSE_WIRE:
        dead[wires.wire_index(layer, wire)] = True
    return Chamber(
        cells=wires.CELLS,
        first_wire=wires.FIRST_WIRE,
        middle_radius=end_radius * np.cos(twist / 2),
        end_radius=end_radius,
        half_length=np.array([layer.half_length_mm for layer in wires.LAYERS]) / 10,
        half_cell=np.array([0.6] * 8 + [0.81] * 35),
        middle_azimuth=wires.first_azimuth_rad() - twist / 2,
        half_twist=twist / 2,
        dead=dead,
    )


@numba.njit(cache=True)
def _electrons(soft_mean, close_mean, response, rng):
    """Return the number of ionisation electrons for mean numbers of soft and close collisions."""
    electrons = 0
    for _ in range(rng.poisson(soft_mean)):
        draw = rng.random()
        size = 0
        while size < len(response.soft_sizes) - 1 and response.soft_sizes[size] < draw:
            size += 1
        electrons += size + 1
    for _ in range(rng.poisson(close_mean)):
        size = np.searchsorted(response.close_sizes, rng.random())
        electrons += min(size, len(response.close_sizes) - 1) + 1
    return electrons


@numba.njit(cache=True)
def _charge(rates, path, cell_size, response, rng):
    """Return the ADC counts of one cell as a real number; 0 without any electron.

    Path-normalised charge is sampled as if the track had crossed the whole cell and scaled to one
    length for all cells: public BESIII simulation code stores a dE/dx that does not know the path.
    """
    sampled = path
    if response.path_normalised:
        sampled = cell_size
    electrons = _electrons(rates[0] * sampled, rates[1] * sampled, response, rng)
    if electrons == 0:
        return 0.0
    amplified = rng.gamma(_GAIN_SHAPE * electrons, 1 / _GAIN_SHAPE)
    if response.path_normalised:
        amplified = min(amplified, response.ceiling_electrons * sampled / _NORMAL_PATH_CM)
        return amplified * response.gain * 1.5 / sampled
    return min(amplified, response.ceiling_electrons) * response.gain


@numba.njit(cache=True)
def _store(wire, track, ticks, charge, count, readout, path_normalised):
    """Put a hit on a wire and return the number of hit wires. The earliest time counts; charge
    adds up, but normalised charge stays that of the first track."""
    if readout.owner[wire] == _EMPTY:
        readout.owner[wire] = track
        readout.ticks[wire] = ticks
        readout.charge[wire] = charge
        readout.order[count] = wire
        return count + 1
    readout.ticks[wire] = min(readout.ticks[wire], ticks)
    if not path_normalised:
        readout.charge[wire] = min(readout.charge[wire] + charge, HIGHEST_ADC)
    return count


@numba.njit(cache=True)
def _layer_at(distance, z, near, chamber):
    """Return the layer whose cells hold a point, -1 between layers, and the radius of its wires
    there. ``near`` is a layer at most one away."""
    found, found_radius, least = -1, 0.0, 9.0
    for layer in range(max(0, near - 1), min(43, near + 2)):
        if abs(z) < chamber.half_length[layer]:
            # straight twisted wires lie on a hyperboloid
            along = (z / chamber.half_length[layer]) ** 2
            middle = chamber.middle_radius[layer] ** 2
            radius = np.sqrt(middle + (chamber.end_radius[layer] ** 2 - middle) * along)
            off = abs(distance - radius)
            if off < chamber.half_cell[layer] and off < least:
                found, found_radius, least = layer, radius, off
    return found, found_radius


@numba.njit(cache=True)
def _wire_at(layer, radius, x, y, z, chamber):
    """Return the nearest wire of a layer and its distance from the point at the same z."""
    lean = z / chamber.half_length[layer] * np.tan(chamber.half_twist[layer])
    first = chamber.middle_azimuth[layer] + np.arctan(lean)
    pitch = 2 * np.pi / chamber.cells[layer]
    steps = int(np.floor((np.arctan2(y, x) - first) / pitch + 0.5))
    azimuth = first + steps * pitch
    separation = np.hypot(x - radius * np.cos(azimuth), y - radius * np.sin(azimuth))
    return steps % chamber.cells[layer], separation


@numba.njit(cache=True)
def _ticks(layer, closest, z, flight, t0, chamber, rng):
    """Return the raw time: start, drift, flight along ``flight`` cm and the way along the wire."""
    drift_mm = max(0.0, closest * 10 + rng.normal(0.0, 0.13))
    drift = 24 * drift_mm + 0.3 * drift_mm**3
    # layers are read at alternating ends; signals run at 220 or 240 mm/ns
    way = chamber.half_length[layer] + (1.0 - 2.0 * (layer % 2)) * z
    along_wire = way / (22.0 if layer < 8 else 24.0)
    return max(0, int((t0 - 200 + drift + flight / _CM_PER_NS + along_wire) / TIME_TICK_NS))


@numba.njit(cache=True)
def _follow(
    track, momentum, charge_sign, origin, rates, t0, count, end, chamber, response, readout, rng
):
    """Step one particle through the chamber, store its hits, write where it ended into ``end``
    and return the number of hit wires of the event."""
    transverse = np.hypot(momentum[0], momentum[1])
    radius = transverse / _BEND_GEV_PER_CM
    azimuth = np.arctan2(momentum[1], momentum[0])
    # the field points to -z: positive particles turn counter-clockwise
    centre_x = origin[0] - charge_sign * radius * np.sin(azimuth)
    centre_y = origin[1] + charge_sign * radius * np.cos(azimuth)
    slope = momentum[2] / transverse
    stretch = np.sqrt(1 + slope * slope)
    x, y, z, arc, near = origin[0], origin[1], origin[2], 0.0, 0
    cell_layer, cell_wire = -1, -1  # the cell the track is in
    path, closest, arc_closest, z_closest = 0.0, 99.0, 0.0, 0.0  # and what it did there so far
    while arc < min(4 * np.pi * radius, LONGEST_ARC_CM):
        arc += STEP_CM
        turned = azimuth + charge_sign * arc / radius
        x = centre_x + charge_sign * radius * np.sin(turned)
        y = centre_y - charge_sign * radius * np.cos(turned)
        z = origin[2] + arc * slope
        distance = np.hypot(x, y)
        if distance > 78.0 or abs(z) > 116.0:
            break
        while near < 42 and distance - chamber.middle_radius[near] > chamber.half_cell[near] + 0.1:
            near += 1
        while near > 0 and chamber.middle_radius[near] - distance > chamber.half_cell[near] + 0.1:
            near -= 1
        layer, wire_radius = _layer_at(distance, z, near, chamber)
        wire, separation = -1, 9.0
        if layer >= 0:
            wire, separation = _wire_at(layer, wire_radius, x, y, z, chamber)
        if layer != cell_layer or wire != cell_wire:
            if cell_layer >= 0 and path > SHORTEST_PATH_CM:
                cell_size = 2 * chamber.half_cell[cell_layer] * stretch
                adc = _charge(rates, path, cell_size, response, rng)
                seen = rng.random() < CELL_EFFICIENCY and adc > THRESHOLD_ADC
                cell = chamber.first_wire[cell_layer] + cell_wire
                if seen and not chamber.dead[cell]:
                    flight = arc_closest * stretch
                    ticks = _ticks(cell_layer, closest, z_closest, flight, t0, chamber, rng)
                    counts = min(int(adc), HIGHEST_ADC)
                    count = _store(
                        cell, track, ticks, counts, count, readout, response.path_normalised
                    )
            cell_layer, cell_wire, path, closest = layer, wire, 0.0, 99.0
        if layer >= 0:
            path += STEP_CM * stretch
            if separation < closest:
                closest, arc_closest, z_closest = separation, arc, z
    end[0], end[1], end[2] = x, y, z
    return count


@numba.njit(cache=True)
def _add_noise(mean_hits, count, chamber, readout, rng):
    """Add beam-background hits on wires that are still free: density falling as 1 / r, uniform
    times, exponential charges. Returns the number of hit wires."""
    for _ in range(rng.poisson(mean_hits)):
        layer = rng.integers(0, 43)
        while rng.random() > chamber.middle_radius[0] / chamber.middle_radius[layer]:
            layer = rng.integers(0, 43)
        wire = chamber.first_wire[layer] + rng.integers(0, chamber.cells[layer])
        ticks = int(rng.uniform(200.0, 1800.0) / TIME_TICK_NS)
        charge = min(int(THRESHOLD_ADC + rng.exponential(200.0)), HIGHEST_ADC)
        if readout.owner[wire] == _EMPTY and not chamber.dead[wire]:
            count = _store(wire, NOISE_TRACK, ticks, charge, count, readout, True)
    return count


@numba.njit(cache=True)
def simulate_event(
    momenta, signs, origin, rates, t0, noise_hits, ends, chamber, response, readout, rng
):
    """Fill ``readout`` with one event and return the number of hit wires.

    Args:
        momenta: (4, 3) GeV.
        signs: (4,) charges, +1 or -1.
        origin: (3,) cm.
        rates: (4, 2) soft and close clusters per cm.
        t0: event start, ns.
        noise_hits: mean number of noise hits.
        ends: (4, 3) cm, written.
        readout: must be clear; ``clear`` empties it again.
    """
    count = 0
    for track in range(len(momenta)):
        count = _follow(
            track, momenta[track], signs[track], origin, rates[track], t0, count, ends[track],
            chamber, response, readout, rng,
        )  # fmt: skip
    return _add_noise(noise_hits, count, chamber, readout, rng)


@numba.njit(cache=True)
def clear(readout, count):
    """Empty the ``count`` wires that an event has hit."""
    for position in range(count):
        readout.owner[readout.order[position]] = _EMPTY


def build_response(path_normalised: bool, charge_ceiling: bool) -> Response:
    """Return the response for the two choices that a generator leaves open."""
    # the tables travel as arguments: a compiled function would keep a copy of a global array, and
    # its cache would not notice when another file changes that array
    return Response(
        soft_sizes=SOFT_CUMULATIVE,
        close_sizes=CLOSE_CUMULATIVE,
        path_normalised=path_normalised,
        gain=GAIN_ADC_PER_ELECTRON if path_normalised else GAIN_ADC_PER_ELECTRON_PATH,
        ceiling_electrons=CEILING_ELECTRONS if charge_ceiling else np.inf,
    )


def build_readout() -> Readout:
    """Return an empty readout of all wires."""
    return Readout(*(np.full(wires.WIRES, _EMPTY, np.int64) for _ in Readout._fields))
