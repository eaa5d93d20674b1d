"""The drift chamber's text format: one file per reaction, one hit a line.

    Event number: 0
    Number of digis: 277
    T0: 656
    MC truth information:
    Pi+: px=0.242978 py=... pz=... xi=... yi=... zi=... xf=... yf=... zf=...     (4 particles)
    Detector information:
    layer=0,<TAB>wire=21,<TAB>stereo=1,<TAB>XE=...,<TAB>YE=,XW=,YW=,RT=,RC=,<TAB>TRK=1

Momenta are GeV, points of the truth cm, wire ends mm, RT ns, RC ADC counts; TRK is the position in
the list of particles, anything else is noise. White space, line breaks and commas between fields
do not matter. A file may be gzipped (its name ends in .gz).

What cannot be noticed: a plain file that was cut exactly between two events.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trigger.errors import EventError
from trigger.events import wires
from trigger.events.hit_batch import PARTICLES, TIME_TICK_NS, HitBatch, Species, Truth
from trigger.events.hit_checks import Digits, check_hits, check_positions
from trigger.events.reader import EventReader
from trigger.files import whole_file

HIT_FIELDS = ("layer", "wire", "stereo", "XE", "YE", "XW", "YW", "RT", "RC", "TRK")
PARTICLE_FIELDS = ("px", "py", "pz", "xi", "yi", "zi", "xf", "yf", "zf")
NAMES = {
    Species.PI_PLUS: "Pi+",
    Species.PI_MINUS: "Pi-",
    Species.E_PLUS: "e+",
    Species.E_MINUS: "e-",
    Species.MU_PLUS: "mu+",
    Species.MU_MINUS: "mu-",
}
"""Names of particles in the file."""

_BLOCK_BYTES = 1 << 20
_LONGEST_EVENT_BYTES = 1 << 23  # ten hits on every wire


def read(path: Path | str, *, chunk_events: int = 1000, skip_bad: int = 0) -> EventReader[HitBatch]:
    """Return a reader of batches of ``chunk_events`` events; memory does not grow with the file.

    Args:
        skip_bad: so many malformed events are dropped and counted in ``skipped``.

    Raises:
        EventError: at once if there is no such file; while reading, for a malformed line (with its
            number), a number of hits other than announced, a wire that is not where the geometry
            has it, a truncated event, or damaged compression (never skipped: what is lost behind
            it is unknown).
    """
    path = Path(path)
    if not path.is_file():
        raise EventError("no such file", where=path, remedy="give the path of an event file")
    return EventReader(_events(path), chunk_events, skip_bad)


def write(batches: HitBatch | Iterable[HitBatch], path: Path | str) -> None:
    """Write events with their truth, whole or not at all; gzipped if the name ends in .gz.

    Truth is rounded to six decimals.

    Raises:
        EventError: a batch without truth.
        OutputError: the file cannot be written.
    """
    path = Path(path)
    with whole_file(path) as plain:
        # no time stamp in the header: the same events give the same bytes
        packed = path.suffix == ".gz"
        with gzip.GzipFile("", "wb", 6, plain, mtime=0) if packed else plain as stream:
            for batch in [batches] if isinstance(batches, HitBatch) else batches:
                for event in range(len(batch)):
                    stream.write(_event_text(batch, event, path).encode())


def _event_text(batch: HitBatch, event: int, path: Path) -> str:
    truth = batch.truth
    if truth is None:
        raise EventError("the events have no truth, which the format needs", where=path)
    first, last = batch.offsets[event], batch.offsets[event + 1]
    lines = [
        f"Event number: {batch.event_numbers[event]}",
        f"Number of digis: {last - first}",
        f"T0: {batch.t0[event]}",
        "MC truth information:",
    ]
    points = (truth.momentum_gev[event], truth.origin_cm[event], truth.end_cm[event])
    for species, numbers in zip(truth.species[event], np.concatenate(points, axis=1), strict=True):
        pairs = zip(PARTICLE_FIELDS, numbers, strict=True)
        words = " ".join(f"{name}={number:.6f}" for name, number in pairs)
        lines.append(f"{NAMES[Species(int(species))]}: {words}")
    lines.append("Detector information:")
    wire = wires.wire_index(batch.layer[first:last], batch.wire[first:last])
    columns = zip(
        wire.tolist(),
        (batch.time_ticks[first:last] * TIME_TICK_NS).tolist(),
        batch.charge_adc[first:last].tolist(),
        batch.track[first:last].tolist(),
        strict=True,
    )
    lines += [f"{_wire_text(w)}RT={rt:.6f},\tRC={rc},\tTRK={trk}" for w, rt, rc, trk in columns]
    return "\n".join(lines) + "\n"


@cache
def _wire_text(index: int) -> str:
    """Return the part of a hit line that depends on the wire alone."""
    layer = wires.LAYER_OF_WIRE[index]
    (xe, ye), (xw, yw) = wires.EAST_MM[index], wires.WEST_MM[index]
    return (
        f"layer={layer},\twire={index - wires.FIRST_WIRE[layer]},"
        f"\tstereo={int(wires.STEREO[layer])},"
        f"\tXE={xe:.6f},\tYE={ye:.6f},\tXW={xw:.6f},\tYW={yw:.6f},\t"
    )


def _events(path: Path) -> Iterator[HitBatch | EventError]:
    """Yield every event of the file, or the error that it would raise."""
    found = False
    for text, line in _event_texts(path):
        found = True
        cursor = _Cursor(text, path, line)
        try:
            yield _event(cursor)
            cursor.finish()
        except EventError as error:
            yield error
    if not found:
        raise EventError("holds no event", where=path, allowed="Event number: <integer> ...")


_MARKER = re.compile(rb"Event\s+number")


def _event_texts(path: Path) -> Iterator[tuple[bytes, int]]:
    """Yield the text from each ``Event number`` to the next, with the number of its first line."""
    kept, line = b"", 1
    for block in _blocks(path):
        kept += block
        starts = [match.start() for match in _MARKER.finditer(kept) if match.start() > 0]
        for start, stop in zip([0, *starts], starts, strict=False):
            text = kept[start:stop]
            if text.strip():
                yield text, line
            line += text.count(b"\n")
        kept = kept[starts[-1] :] if starts else kept
        if len(kept) > _LONGEST_EVENT_BYTES:
            raise EventError(
                f"an event is longer than {_LONGEST_EVENT_BYTES} bytes",
                where=f"{path}:{line}",
                allowed="an 'Event number' at the start of each event",
            )
    if kept.strip():
        yield kept, line


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked if its name ends in .gz."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                yield block
    except (OSError, EOFError, zlib.error) as error:
        raise EventError(
            f"cannot be read to its end: {error}", where=path, remedy="fetch the file again"
        ) from error


_NUMBER = rb"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?)"
_SPACE = rb"[\s,]*"


def _field(name: str) -> tuple[re.Pattern[bytes], str]:
    return re.compile(_SPACE + name.encode() + rb"\s*[=:]\s*" + _NUMBER), f"{name}=<number>"


def _counter(name: str, sign: bytes = rb"[-+]?") -> tuple[re.Pattern[bytes], str]:
    words = name.encode().replace(b" ", rb"\s+")
    pattern = _SPACE + words + rb"\s*[=:]\s*(" + sign + rb"\d{1,18})"
    return re.compile(pattern), f"{name}: <integer>"


def _title(name: str) -> tuple[re.Pattern[bytes], str]:
    words = name.encode().replace(b" ", rb"\s+")
    return re.compile(_SPACE + words + rb"\s*:"), f"{name}:"


_EVENT_NUMBER, _T0 = _counter("Event number"), _counter("T0")
_DIGIS = _counter("Number of digis", sign=b"")
_TRUTH, _DETECTOR = _title("MC truth information"), _title("Detector information")
_SPECIES_BY_NAME = {name.lower(): species for species, name in NAMES.items()}
_PARTICLE = (
    re.compile(rb"\s*((?:pi|e|mu)[-+])\s*:", re.IGNORECASE),
    f"a particle, {' '.join(NAMES.values())}, and a colon",
)
_PARTICLE_PATTERNS = [_field(name) for name in PARTICLE_FIELDS]
_HIT_PATTERNS = [_field(name) for name in HIT_FIELDS]
_HIT_START = re.compile(_SPACE + HIT_FIELDS[0].encode())


class _Cursor:
    """A place in the text of one event."""

    def __init__(self, text: bytes, path: Path, line: int) -> None:
        self.text = text
        self.position = 0
        self._path = path
        self._line = line

    def take(self, pattern: tuple[re.Pattern[bytes], str]) -> bytes:
        """Return the first group (or all) of a pattern that must come next, and move behind it."""
        match = pattern[0].match(self.text, self.position)
        if match is None:
            raise self.error(f"expected {pattern[1]}, got {self.coming()}")
        self.position = match.end()
        return match[match.lastindex or 0]

    def finish(self) -> None:
        """Raise if anything but white space is left."""
        if self.text[self.position :].strip(b" \t\r\n,"):
            raise self.error(f"expected the next event, got {self.coming()}")

    def error(self, problem: str, position: int | None = None) -> EventError:
        """Return an error at the next word, or at a position."""
        if position is None:
            rest = self.text[self.position :]
            position = self.position + len(rest) - len(rest.lstrip(b" \t\r\n,"))
        line = self._line + self.text.count(b"\n", 0, position)
        return EventError(problem, where=f"{self._path}:{line}")

    def coming(self) -> str:
        """Return the next words, for a message."""
        rest = self.text[self.position :].strip(b" \t\r\n,")
        if not rest:
            return "the end of the event"
        return repr(rest.splitlines()[0][:50].decode("ascii", "backslashreplace"))


def _event(cursor: _Cursor) -> HitBatch:
    number, digis, t0 = (int(cursor.take(field)) for field in (_EVENT_NUMBER, _DIGIS, _T0))
    cursor.take(_TRUTH)
    species = np.empty((1, PARTICLES), np.int8)
    numbers = np.empty((1, PARTICLES, len(PARTICLE_FIELDS)))
    for particle in range(PARTICLES):
        name = cursor.take(_PARTICLE)
        species[0, particle] = _SPECIES_BY_NAME[name.decode().lower()]
        numbers[0, particle] = [float(cursor.take(field)) for field in _PARTICLE_PATTERNS]
    if not np.all(np.isfinite(numbers)):
        raise cursor.error("a number of the truth is beyond float64")
    cursor.take(_DETECTOR)
    digits = _hits(cursor, digis)
    return HitBatch(
        np.array([number]),
        np.array([t0]),
        np.array([0, digis]),
        *digits,
        truth=Truth(species, numbers[..., 0:3], numbers[..., 3:6], numbers[..., 6:9]),
    )


def _hits(cursor: _Cursor, digis: int) -> Digits:
    """Take ``digis`` hits, check them and return their columns."""
    start = cursor.position
    values = _canonical_hits(cursor, digis)
    if values is None:
        values, _ = _any_hits(cursor, digis)
    layer, wire, stereo, xe, ye, xw, yw, time_ns, charge, track = values.T
    checked = check_hits(layer, wire, stereo, time_ns, charge, track)
    if isinstance(checked, Digits):
        index = wires.wire_index(checked.layer, checked.wire)
        known = np.concatenate([wires.EAST_MM[index], wires.WEST_MM[index]], axis=1)
        given = np.stack([xe, ye, xw, yw], axis=1)
        misplaced = check_positions(HIT_FIELDS[3:7], given, known, checked)
        if misplaced is None:
            return checked
        checked = misplaced
    cursor.position = start
    _, positions = _any_hits(cursor, digis)
    raise cursor.error(f"expected {checked.expected}, got {checked.came}", positions[checked.hit])


_SKELETON = "".join(f"{name}=," for name in HIT_FIELDS)[:-1].encode() + b"\n"
_NUMBER_BYTES = b"0123456789.+- \t\r"
_LETTERS_TO_SPACE = bytes.maketrans(
    b"\n=" + bytes(set(_SKELETON) - set(b"\n=,")), b", " + b" " * len(set(_SKELETON) - set(b"\n=,"))
)


def _canonical_hits(cursor: _Cursor, digis: int) -> npt.NDArray[np.float64] | None:
    """Return the numbers of hits that stand one a line to the end of the event, shape (h, 10), or
    None if the text is not quite so. It takes a fifth of the time that ``_any_hits`` takes.

    Everything but numbers must be the same on every line; then the numbers are what stands between
    commas. A letter becomes a space, so that a number it cuts in two is no number any more.
    """
    text = cursor.text[cursor.position :].lstrip()
    too_short = len(text) < digis * len(_SKELETON)  # a damaged number may be astronomic
    if too_short or text.translate(None, _NUMBER_BYTES) != _SKELETON * digis:
        return None
    numbers = text.translate(_LETTERS_TO_SPACE).split(b",")[:-1]
    try:
        values = np.array(list(map(float, numbers)), dtype=np.float64)
    except ValueError:
        return None
    cursor.position = len(cursor.text)
    return values.reshape(digis, len(HIT_FIELDS))


def _any_hits(cursor: _Cursor, digis: int) -> tuple[npt.NDArray[np.float64], list[int]]:
    """Return the numbers of hits however they are spaced, shape (h, 10), and where each begins."""
    values: list[list[float]] = []
    positions: list[int] = []
    while len(values) < digis:
        if not _HIT_START.match(cursor.text, cursor.position):
            raise cursor.error(
                f"expected hit {len(values) + 1} of the {digis} of 'Number of digis', "
                f"got {cursor.coming()}"
            )
        positions.append(cursor.text.index(HIT_FIELDS[0].encode(), cursor.position))
        values.append([float(cursor.take(field)) for field in _HIT_PATTERNS])
    if _HIT_START.match(cursor.text, cursor.position):
        raise cursor.error(f"expected {digis} hits as 'Number of digis' says, got more")
    return np.array(values, dtype=np.float64).reshape(-1, len(HIT_FIELDS)), positions
