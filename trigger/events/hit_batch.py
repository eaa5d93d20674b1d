"""HitBatch: events of a drift chamber, with as many hits each as there were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events.batch import Column, EventBatch
from trigger.events.wires import CELLS, LAYERS

TIME_TICK_NS = 0.09375
"""One count of the time digitiser; every raw time is a multiple of it."""

NOISE_TRACK = -1
"""Track index of a hit that no particle of the truth made."""

Index = slice | npt.NDArray[np.int64]

PARTICLES = 4
"""Charged particles per event: pi+, pi-, l+, l-."""


class Species(IntEnum):
    """Particles of the truth."""

    PI_PLUS = 0
    PI_MINUS = 1
    E_PLUS = 2
    E_MINUS = 3
    MU_PLUS = 4
    MU_MINUS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What was generated, for n events; arrays are read-only."""

    species: npt.NDArray[np.int8]
    """(n, 4) codes of Species."""
    momentum_gev: npt.NDArray[np.float64]
    """(n, 4, 3) px, py, pz at production."""
    origin_cm: npt.NDArray[np.float64]
    """(n, 4, 3) where each particle was produced."""
    end_cm: npt.NDArray[np.float64]
    """(n, 4, 3) where it left the chamber or was last followed."""

    def __post_init__(self) -> None:
        _freeze(self, "species", np.int8)
        for name in ("momentum_gev", "origin_cm", "end_cm"):
            _freeze(self, name, np.float64)
        events = len(self.species)
        _shape("species", self.species, (events, PARTICLES))
        for name in ("momentum_gev", "origin_cm", "end_cm"):
            array = getattr(self, name)
            _shape(name, array, (events, PARTICLES, 3))
            if not np.all(np.isfinite(array)):
                raise EventError(f"{name} is not finite", where="truth", allowed="finite numbers")
        _range("species", self.species, 0, len(Species) - 1)

    def __len__(self) -> int:
        return len(self.species)


@dataclass(frozen=True, slots=True, eq=False)
class HitBatch(EventBatch):
    """n events with h hits in all; the hits of event i are offsets[i]:offsets[i + 1].

    Arrays are converted to their dtype, checked and made read-only at construction.

    Raises:
        EventError: shapes that contradict each other, offsets that do not count the hits, or a
            number outside its range.
    """

    event_numbers: npt.NDArray[np.int64]
    """(n,) as the source numbers them."""
    t0: npt.NDArray[np.int64]
    """(n,) event start time in the source's own unit; 0 where the source does not tell."""
    offsets: npt.NDArray[np.int64]
    """(n + 1,) first hit of each event, then h."""
    layer: npt.NDArray[np.uint8]
    """(h,) 0..42."""
    wire: npt.NDArray[np.uint16]
    """(h,) 0..cells of the layer - 1."""
    time_ticks: npt.NDArray[np.int32]
    """(h,) raw time in units of TIME_TICK_NS."""
    charge_adc: npt.NDArray[np.int32]
    """(h,) raw charge in ADC counts, 0 or more."""
    track: npt.NDArray[np.int8]
    """(h,) particle of the truth that made the hit, 0..3, or NOISE_TRACK."""
    truth: Truth | None = None
    """None where the source has none (CSV files)."""

    def __post_init__(self) -> None:
        for name, dtype in _COLUMNS.items():
            _freeze(self, name, dtype)
        events, hits = len(self.event_numbers), len(self.layer)
        for name in ("event_numbers", "t0"):
            _shape(name, getattr(self, name), (events,))
        _shape("offsets", self.offsets, (events + 1,))
        for name in _HIT_COLUMNS:
            _shape(name, getattr(self, name), (hits,))
        if self.offsets[0] != 0 or self.offsets[-1] != hits or np.any(np.diff(self.offsets) < 0):
            raise EventError(
                f"offsets run from {self.offsets[0]} to {self.offsets[-1]} over {hits} hits",
                where="hit batch",
                allowed="offsets that start at 0, never fall and end at the number of hits",
            )
        _range("layer", self.layer, 0, len(LAYERS) - 1)
        if np.any(self.wire >= CELLS[self.layer]):
            first = int(np.argmax(self.wire >= CELLS[self.layer]))
            raise EventError(
                f"wire {self.wire[first]} in layer {self.layer[first]}",
                where=f"hit batch, hit {first}",
                allowed=f"0..{CELLS[self.layer[first]] - 1}",
            )
        _range("charge_adc", self.charge_adc, 0, np.iinfo(np.int32).max)
        _range("track", self.track, NOISE_TRACK, PARTICLES - 1)
        if self.truth is not None and len(self.truth) != events:
            raise EventError(
                f"truth of {len(self.truth)} events", where="hit batch", allowed=f"{events} events"
            )

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.event_numbers)

    def __eq__(self, other: object) -> bool:
        """Compare every number, the truth's included."""
        if not isinstance(other, HitBatch):
            return NotImplemented
        if (self.truth is None) != (other.truth is None):
            return False
        return self.same_events(other) and (
            self.truth is None or _same(self.truth, other.truth, _TRUTH_COLUMNS)
        )

    def same_events(self, other: HitBatch) -> bool:
        """Compare every number but the truth's, which some formats round or do not hold."""
        return _same(self, other, tuple(_COLUMNS))

    __hash__ = None  # type: ignore[assignment]

    @property
    def hits(self) -> int:
        """Number of hits of all events."""
        return len(self.layer)

    @property
    def hits_per_event(self) -> npt.NDArray[np.int64]:
        """Number of hits of each event, noise included, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def event_of_hit(self) -> npt.NDArray[np.int64]:
        """Position in the batch of each hit's event, shape (h,)."""
        return np.repeat(np.arange(len(self)), self.hits_per_event)

    def between(self, start: int, stop: int) -> HitBatch:
        """Return events start..stop-1 (as Python slices: out of range is cut) without copying."""
        start, stop, _ = slice(start, stop).indices(len(self))
        stop = max(start, stop)
        first, last = self.offsets[start], self.offsets[stop]
        return self._part(
            slice(start, stop), self.offsets[start : stop + 1] - first, slice(first, last)
        )

    def select(self, events: npt.ArrayLike) -> HitBatch:
        """Return the events at these positions, in this order (a copy).

        Raises:
            EventError: a position outside 0..n-1.
        """
        chosen = np.asarray(events, dtype=np.int64)
        _range("a position", chosen, 0, len(self) - 1)
        counts = self.hits_per_event[chosen]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        hit = np.arange(offsets[-1]) + np.repeat(self.offsets[chosen] - offsets[:-1], counts)
        return self._part(chosen, offsets, hit)

    def _part(self, events: Index, offsets: npt.NDArray[np.int64], hits: Index) -> HitBatch:
        truth = self.truth
        return HitBatch(
            event_numbers=self.event_numbers[events],
            t0=self.t0[events],
            offsets=offsets,
            layer=self.layer[hits],
            wire=self.wire[hits],
            time_ticks=self.time_ticks[hits],
            charge_adc=self.charge_adc[hits],
            track=self.track[hits],
            truth=None
            if truth is None
            else Truth(*(getattr(truth, name)[events] for name in _TRUTH_COLUMNS)),
        )

    @classmethod
    def concatenate(cls, batches: Iterable[HitBatch]) -> HitBatch:
        """Return the events of all batches in order; no batches give an empty one.

        The truth is kept if every batch has it.
        """
        parts = list(batches)
        if not parts:
            none = np.empty(0, np.int64)
            return cls(none, none, np.zeros(1, np.int64), *[none] * len(_HIT_COLUMNS))  # type: ignore[arg-type]
        counts = np.concatenate([part.hits_per_event for part in parts])
        columns = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in _COLUMNS
            if name != "offsets"
        }
        truths = [part.truth for part in parts if part.truth is not None]
        truth = None
        if len(truths) == len(parts):
            truth = Truth(
                *(np.concatenate([getattr(t, n) for t in truths]) for n in _TRUTH_COLUMNS)
            )
        offsets = np.concatenate([[0], np.cumsum(counts)])
        return cls(offsets=offsets, truth=truth, **columns)

    def columns(self) -> dict[str, Column]:
        columns = {name: getattr(self, name) for name in _COLUMNS}
        if self.truth is not None:
            for name in _TRUTH_COLUMNS:
                columns[_TRUTH_PREFIX + name] = getattr(self.truth, name)
        return columns

    @classmethod
    def of_columns(cls, columns: Mapping[str, Column]) -> HitBatch:
        truth = {
            name.removeprefix(_TRUTH_PREFIX): array
            for name, array in columns.items()
            if name.startswith(_TRUTH_PREFIX)
        }
        rest = {n: array for n, array in columns.items() if not n.startswith(_TRUTH_PREFIX)}
        try:
            return cls(**rest, truth=Truth(**truth) if truth else None)
        except TypeError as error:
            raise EventError(
                f"holds the columns {', '.join(columns)}",
                where="hit batch",
                allowed="the columns of a HitBatch",
            ) from error

    def amplified(self, factor: float) -> HitBatch:
        """Return the same hits with their charges times ``factor``, in whole counts."""
        charge = np.minimum(np.rint(self.charge_adc * factor), np.iinfo(np.int32).max)
        return replace(self, charge_adc=charge.astype(np.int32))

    def quantities(self) -> dict[str, Column]:
        noise = np.bincount(self.event_of_hit[self.track == NOISE_TRACK], minlength=len(self))
        return {
            "hits per event": self.hits_per_event,
            "noise hits per event": noise,
            "charge (ADC counts)": self.charge_adc,
        }


_COLUMNS: dict[str, type] = {
    "event_numbers": np.int64,
    "t0": np.int64,
    "offsets": np.int64,
    "layer": np.uint8,
    "wire": np.uint16,
    "time_ticks": np.int32,
    "charge_adc": np.int32,
    "track": np.int8,
}
_HIT_COLUMNS = ("layer", "wire", "time_ticks", "charge_adc", "track")
_TRUTH_COLUMNS = tuple(field.name for field in fields(Truth))
_TRUTH_PREFIX = "truth_"


def _freeze(record: Any, name: str, dtype: type) -> None:
    """Replace a field by a read-only array of its dtype, refusing numbers that would change."""
    given = np.asarray(getattr(record, name))
    with np.errstate(invalid="ignore"):
        array: npt.NDArray[Any] = given.astype(dtype, copy=False).view()
    if array.dtype != given.dtype and dtype is not np.float64 and not np.array_equal(array, given):
        raise EventError(
            f"{name} holds a number that {np.dtype(dtype)} cannot hold", where="hit batch"
        )
    array.setflags(write=False)
    object.__setattr__(record, name, array)


def _shape(name: str, array: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise EventError(
            f"{name} has shape {array.shape}", where="hit batch", allowed=f"shape {shape}"
        )


def _range(name: str, array: npt.NDArray[Any], low: int, high: int) -> None:
    if array.size and not low <= int(array.min()) <= int(array.max()) <= high:
        raise EventError(
            f"{name} spans {array.min()}..{array.max()}",
            where="hit batch",
            allowed=f"{low}..{high}",
        )


def _same(left: Any, right: Any, names: Iterable[str]) -> bool:
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in names)
