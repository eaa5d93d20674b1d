"""What efficiency and rate become when the input is not what it should be.

The same test events are decided again, at the same threshold, with a dead, hot or noisy cell at
each position, with another gain, and turned. Only numbers that a fault changes are run: a dead cell
moves no event that had nothing there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from trigger.budget import Figure, Source
from trigger.emulate import Choice, choose
from trigger.fixed import RawArray
from trigger.network import Network
from trigger.rates import Exposure, measure_change, measure_efficiency
from trigger.report import studies
from trigger.report.wording import word_place

RULES = 1
"""Number of the rules of this study; kept findings of other rules are dropped."""
GAINS = (-0.10, -0.05, -0.02, -0.01, 0.01, 0.02, 0.05, 0.10)
NOISE_SHARE = 0.1
"""Of the events, in which a noisy cell fires."""
NATIVE_WORK, REFERENCE_WORK = 1.5e11, 1e9
"""Multiplications for all maps: some seconds. It decides how many events a map is made of."""
WORK_PER_NUMBER = 8
"""A number of the input costs at least as much as so many multiplications: it has to be moved."""
FEWEST_EVENTS = 200
"""Of all classes together; a map of fewer tells nothing."""
WORST = 3
BLOCK_BYTES = 1 << 25

Decisions = npt.NDArray[np.bool_]
Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], RawArray]
"""Events, positions and what is read there instead, all equally long."""


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """A network at work: events, and what makes a decision of its outputs."""

    network: Network
    pixels: RawArray
    """(n, *shape) raw."""
    labels: npt.NDArray[np.int8]
    """(n,) 0 of background, 1 of the first signal, 2 of the next one."""
    score: Callable[[RawArray], npt.NDArray]
    """From (n, outputs) to (n,)."""
    threshold: int | float
    """The lowest score that passes."""
    signals: tuple[str, ...]
    background: str
    exposure: Exposure | None
    contract: str
    """What the gain acts on, as text."""
    with_gain: Callable[[float], RawArray | None]
    """The same events with all signals scaled by 1 + gain; None where that means nothing."""

    @property
    def key(self) -> str:
        """SHA-256 (hex) of all that the findings depend on."""
        parts = (
            RULES,
            self.network.digest,
            self.pixels.dtype,
            self.pixels.shape,
            self.threshold,
            *self.signals,
            self.background,
            self.exposure,
            self.contract,
        )
        digest = hashlib.sha256(repr(parts).encode())
        for array in (self.pixels, self.labels):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def study_robustness(
    decided: Decided, progress: Callable[[int, int], None] = lambda done, of: None
) -> studies.Robustness:
    """Return how far faults of the input move efficiency and rate.

    Deterministic: how many events a map is made of depends on the size of network and input alone.
    """
    return _Study(decided, progress).robustness()


@dataclass(frozen=True, slots=True)
class _Moved:
    """Events of one class: how many passed, and how many pass now and did not, or the reverse."""

    passed: int
    gained: int
    lost: int
    total: int


class _Study:
    def __init__(self, decided: Decided, progress: Callable[[int, int], None]) -> None:
        self.decided = decided
        self.progress = progress
        self.engine: Choice = choose(decided.network)
        self.shape = decided.pixels.shape[1:]
        # pixels come in the smallest type that holds them, a hot cell may read more
        holds = np.promote_types(decided.pixels.dtype, np.min_scalar_type(self._top))
        self.flat = decided.pixels.reshape(len(decided.pixels), -1).astype(holds, copy=False)
        self.before = self.passes(decided.pixels)
        self.cells = np.flatnonzero(self.flat.any(axis=0))
        self.kinds = range(1 + len(decided.signals))

    def robustness(self) -> studies.Robustness:
        decided = self.decided
        left_out: list[str] = []
        faults = self._faults(left_out)
        nominal = self._nominal()
        return studies.Robustness(
            key=decided.key,
            engine=self.engine.name,
            signal=decided.signals[0],
            background=decided.background,
            threshold=decided.threshold,
            nominal=nominal,
            shape=tuple(int(length) for length in self.shape),
            cells=len(self.cells),
            faults=faults,
            gains=self._gains(nominal, left_out),
            orientations=self._orientations(left_out),
            left_out=tuple(left_out),
        )

    def passes(self, pixels: RawArray) -> Decisions:
        """Return the decisions on raw pixels, a block of them at a time."""
        output = self.decided.network.outputs[0]
        per_block = max(1, BLOCK_BYTES // max(1, pixels[:1].nbytes))
        parts = [np.zeros(0, dtype=bool)]
        for start in range(0, len(pixels), per_block):
            raw = self.engine.run(pixels[start : start + per_block])[output]
            parts.append(self.decided.score(raw.reshape(len(raw), -1)) >= self.decided.threshold)
        return np.concatenate(parts)

    def _faults(self, left_out: list[str]) -> tuple[studies.CellFault, ...]:
        """Return the maps, each of as many events as its work allows."""
        lit = np.count_nonzero(self.flat) / len(self.flat)
        share = f"{100 * NOISE_SHARE:g} %"
        kinds = (
            ("dead", "reads 0", 0.2, lit, self._dead),
            ("hot", f"always reads {self._top}, the most", 0.6, len(self.cells), self._hot),
            (
                "noisy",
                f"in {share} of the events reads what another hit cell read",
                0.2,
                NOISE_SHARE * len(self.cells),
                self._noisy,
            ),
        )
        found = []
        for name, meaning, effort, runs_per_event, pairs in kinds:
            events = self._affordable(effort, runs_per_event)
            if len(events) < min(FEWEST_EVENTS, len(self.flat)):
                left_out.append(
                    f"No map of {name} cells: with {len(self.cells):,} positions and a network of "
                    f"this size the {self.engine.name} engine would take too long."
                )
                continue
            found.append(self._map(name, meaning, events, pairs(events)))
        return tuple(found)

    @property
    def _top(self) -> int:
        return self.decided.network.inputs[0].result.raw_max

    def _affordable(self, effort: float, runs_per_event: float) -> npt.NDArray[np.int64]:
        """Return so many events as a share of the work allows, as many of each class, the first."""
        work = WORK_PER_NUMBER * self.flat.shape[1]
        shapes = self.decided.network.shapes
        for layer in self.decided.network.layers:
            work += layer.multiplications(*(shapes[name] for name in layer.inputs))
        allowed = REFERENCE_WORK if self.engine.engine is None else NATIVE_WORK
        most = int(effort * allowed / (work * max(runs_per_event, 1)))
        of_kinds = [np.flatnonzero(self.decided.labels == each) for each in (*self.kinds[1:], 0)]
        return np.concatenate([events[: most // len(of_kinds)] for events in of_kinds])

    def _dead(self, events: npt.NDArray[np.int64]) -> Pairs:
        rows, positions = np.nonzero(self.flat[events])
        return events[rows], positions, np.zeros(len(rows), dtype=self.flat.dtype)

    def _hot(self, events: npt.NDArray[np.int64]) -> Pairs:
        rows, columns = np.nonzero(self.flat[np.ix_(events, self.cells)] != self._top)
        values = np.full(len(rows), self._top, dtype=self.flat.dtype)
        return events[rows], self.cells[columns], values

    def _noisy(self, events: npt.NDArray[np.int64]) -> Pairs:
        """Draw amplitudes from the numbers of the same channel; the same draws at every call."""
        generator = np.random.default_rng(0)
        fires = generator.random((len(events), len(self.cells))) < NOISE_SHARE
        rows, columns = np.nonzero(fires)
        positions = self.cells[columns]
        channels = self.shape[-1] if len(self.shape) > 1 else 1
        values = np.zeros(len(rows), dtype=self.flat.dtype)
        for channel in range(channels):
            here = positions % channels == channel
            seen = self.flat[:, channel::channels]
            values[here] = generator.choice(seen[seen != 0], size=int(here.sum()))
        changes = values != self.flat[events[rows], positions]
        return events[rows][changes], positions[changes], values[changes]

    def _map(
        self, name: str, meaning: str, events: npt.NDArray[np.int64], pairs: Pairs
    ) -> studies.CellFault:
        """Count, by class and position, the events that a fault moves."""
        places, labels = self.flat.shape[1], self.decided.labels
        # class, gained or lost, position
        counts = np.zeros((len(self.kinds), 2, places), dtype=np.int64)
        done = 0
        for touched, positions, after in self._decide(pairs):
            before = self.before[touched]
            for index, moved in enumerate((after & ~before, before & ~after)):
                for kind in self.kinds:
                    here = moved & (labels[touched] == kind)
                    counts[kind, index] += np.bincount(positions[here], minlength=places)
            done += len(touched)
            self.progress(done, len(pairs[0]))
        chosen = labels[events]
        passed = [int(np.sum(self.before[events] & (chosen == kind))) for kind in self.kinds]
        totals = [int(np.sum(chosen == kind)) for kind in self.kinds]
        net = counts[:, 0] - counts[:, 1]

        def cell(position: int) -> studies.Variation:
            moved = [
                _Moved(passed[kind], *map(int, counts[kind, :, position]), totals[kind])
                for kind in self.kinds
            ]
            return self._variation(word_place(self.shape, position), moved)

        return studies.CellFault(
            name=name,
            meaning=meaning,
            signal_events=totals[1],
            background_events=totals[0],
            signal_moved=self._by_place(net[1]),
            background_moved=self._by_place(net[0]),
            worst=tuple(cell(position) for position in _worst(net, totals)),
            further=tuple(
                studies.SignalMap(signal, totals[kind], self._by_place(net[kind]))
                for kind, signal in enumerate(self.decided.signals[1:], 2)
            ),
        )

    def _by_place(self, net: npt.NDArray[np.int64]) -> tuple[int | None, ...]:
        known = np.zeros(len(net), dtype=bool)
        known[self.cells] = True
        return tuple(
            value if here else None for value, here in zip(net.tolist(), known, strict=True)
        )

    def _decide(
        self, pairs: Pairs
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Decisions]]:
        """Yield events, positions and decisions where one number of each event is replaced."""
        events, positions, values = pairs
        per_block = max(1, BLOCK_BYTES // max(1, self.flat[:1].nbytes))
        for start in range(0, len(events), per_block):
            part = slice(start, start + per_block)
            images = self.flat[events[part]]
            images[np.arange(len(images)), positions[part]] = values[part]
            yield events[part], positions[part], self.passes(images.reshape(-1, *self.shape))

    def _nominal(self) -> studies.Variation:
        """Return what the input does as it is: the changes are 0 and exactly known."""
        same = self._whole("as designed", self.decided.pixels)
        nothing = Figure(0.0, Source.MEASURED)
        further = tuple(replace(each, change=nothing) for each in same.further)
        return replace(same, signal_change=nothing, background_change=nothing, further=further)

    def _gains(
        self, nominal: studies.Variation, left_out: list[str]
    ) -> tuple[studies.Variation, ...]:
        scaled = {gain: self.decided.with_gain(gain) for gain in GAINS}
        known = [(gain, pixels) for gain, pixels in scaled.items() if pixels is not None]
        if not known:
            left_out.append(
                "No shift of the gain: the encoding does not depend on it, or not finely enough."
            )
            return ()
        shifted = [
            replace(self._whole(f"gain {100 * gain:+g} %", pixels), size=gain)
            for gain, pixels in known
        ]
        return tuple(sorted([*shifted, replace(nominal, size=0.0)], key=lambda each: each.size))

    def _orientations(self, left_out: list[str]) -> tuple[studies.Variation, ...]:
        if len(self.shape) != 3:
            left_out.append("Nothing is turned: the input is no image.")
            return ()
        return tuple(self._whole(name, pixels) for name, pixels in _turned(self.decided.pixels))

    def _whole(self, name: str, pixels: RawArray) -> studies.Variation:
        """Return what a change of the whole input does, on all events."""
        after = self.passes(pixels)
        moved = []
        for kind in self.kinds:
            here = self.decided.labels == kind
            old, new = self.before[here], after[here]
            moved.append(
                _Moved(int(old.sum()), int((new & ~old).sum()), int((old & ~new).sum()), len(old))
            )
        return self._variation(name, moved)

    def _variation(self, name: str, moved: Sequence[_Moved]) -> studies.Variation:
        """Return what becomes of each class; the background is the first."""
        background, first, *further = map(_figures, moved)
        exposure, rate = self.decided.exposure, None
        if exposure is not None:
            rate = _scaled(background[0], exposure.input_rate_khz)
        pairs = zip(self.decided.signals[1:], further, strict=True)
        others = tuple(studies.SignalChange(signal, *figures) for signal, figures in pairs)
        return studies.Variation(name, *first, *background, rate, further=others)


def _figures(moved: _Moved) -> tuple[Figure, Figure]:
    """Return the share after the change, and the change of the share."""
    note = f"{moved.total:,} events"
    share = measure_efficiency(moved.passed + moved.gained - moved.lost, moved.total)
    change = measure_change(moved.gained, moved.lost, moved.total)
    return tuple(
        Figure(each.value, Source.MEASURED, each.low, each.high, each.coverage, note=note)
        for each in (share, change)
    )


def _scaled(figure: Figure, by: float) -> Figure:
    assert figure.low is not None
    assert figure.high is not None
    return Figure(
        by * figure.value,
        figure.source,
        by * figure.low,
        by * figure.high,
        figure.coverage,
        note=figure.note,
    )


def _worst(net: npt.NDArray[np.int64], totals: Sequence[int]) -> list[int]:
    """Return the positions that lose most signal, then those that let most background in.

    Of several signals the one counts that loses the largest share.
    """
    background = net[0]
    signal = np.min(net[1:] / np.maximum(totals[1:], 1)[:, None], axis=0)
    losing = [place for place in np.argsort(signal, kind="stable")[:WORST] if signal[place] < 0]
    noisy = [
        place
        for place in np.argsort(-background, kind="stable")[:WORST]
        if background[place] > 0 and place not in losing
    ]
    return [int(place) for place in (*losing, *noisy)]


def _turned(pixels: RawArray) -> Iterator[tuple[str, RawArray]]:
    """Yield every other orientation of images (n, rows, columns, channels), and small shifts."""
    for turns in (1, 2, 3) if pixels.shape[1] == pixels.shape[2] else (2,):
        yield f"turned by {90 * turns}°", np.rot90(pixels, turns, axes=(1, 2)).copy()
    yield "mirrored, left and right", pixels[:, :, ::-1].copy()
    yield "mirrored, top and bottom", pixels[:, ::-1].copy()
    for axis, words in ((1, "down by a row"), (2, "right by a column")):
        moved = np.roll(pixels, 1, axis=axis)
        moved[(slice(None), *(slice(None),) * (axis - 1), 0)] = 0
        yield f"moved {words}", moved
