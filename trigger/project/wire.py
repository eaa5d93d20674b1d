"""Raw integers as the bytes that the C simulation reads and writes (see ``harness.h``)."""

from __future__ import annotations

import numpy as np

from trigger.errors import ProjectError
from trigger.fixed import FixedFormat, RawArray


def to_words(raw: RawArray, form: FixedFormat) -> RawArray:
    """Return raw integers as little-endian 64-bit words, (events, elements x words)."""
    count = -(-form.width // 64)
    if count == 1 and raw.dtype != object:
        return raw.astype("<i8") if raw.dtype.kind == "i" else raw.astype("<u8").view("<i8")
    whole = raw.astype(object)
    mask = (1 << 64) - 1
    words = np.stack([(whole >> (64 * index)) & mask for index in range(count)], axis=-1)
    return words.astype("<u8").view("<i8").reshape(len(raw), -1)


def from_bytes(data: bytes, names: list[str], events: int, where: str) -> dict[str, RawArray]:
    """Return what the harness wrote: a header of three integers a layer, then event by event."""
    size = 3 * 8 * len(names)
    header = np.frombuffer(data[:size], "<i8").reshape(-1, 3).tolist()
    stride = sum(width * elements for width, _, elements in header)
    if len(header) != len(names) or len(data) != size + events * stride:
        raise ProjectError(
            f"wrote {len(data)} bytes",
            where=where,
            allowed=f"{size + events * stride} bytes: every result of every event",
        )
    rows = np.frombuffer(data, np.uint8, offset=size).reshape(events, stride)
    results, position = {}, 0
    for name, (width, signed, elements) in zip(names, header, strict=True):
        part = rows[:, position : position + width * elements]
        position += width * elements
        results[name] = _integers(np.ascontiguousarray(part), width, bool(signed))
    return results


def _integers(rows: RawArray, width: int, signed: bool) -> RawArray:
    """Return the integers in rows of bytes, ``width`` bytes each; int64 where they fit."""
    if width <= 8:
        numbers: RawArray = rows.view(f"<{'i' if signed else 'u'}{width}")
        beyond = not signed and width == 8 and numbers.max(initial=0) >= 1 << 63
        return numbers.astype(object if beyond else np.int64)
    words = rows.view("<u8").reshape(len(rows), -1, width // 8).astype(object)
    total: RawArray = np.sum([words[..., at] << (64 * at) for at in range(width // 8)], axis=0)
    negative = total >> (8 * width - 1) if signed else total * 0
    return total - negative * (1 << (8 * width))
