"""Ranges of a network against its formats, and how many bits its numbers need on events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from trigger.emulate import choose
from trigger.emulate.overflow import RangeRow, find_ranges, observe_ranges
from trigger.fixed import FixedFormat, RawArray
from trigger.layers import Reshape
from trigger.network import Network
from trigger.report import studies

MOST_NUMBERS = 25_000_000
"""Results of all layers and events that are looked at together: 200 MB."""
MOST_EVENTS = 2000
MOST_PLACES = 10_000
"""Of a map; larger ones, and single numbers, are told by their counts alone."""


def run_layers(network: Network, pixels: RawArray) -> Mapping[str, RawArray]:
    """Return the raw results of every layer on the first events, as many as memory allows."""
    per_event = sum(int(np.prod(shape)) for shape in network.shapes.values())
    events = max(1, min(len(pixels), MOST_EVENTS, MOST_NUMBERS // per_event))
    names = tuple(layer.name for layer in network.layers)
    return choose(network, names).run(pixels[:events], layers=names)


def range_rows(
    network: Network, results: Mapping[str, RawArray] | None = None
) -> tuple[studies.RangeRow, ...]:
    """Return the table of ranges as the report has it; observed where there are results."""
    if results is None:
        return tuple(_range_row(row, None) for row in find_ranges(network))
    events = len(results[network.outputs[0]])
    return tuple(_range_row(row, events) for row in observe_ranges(network, results))


def _range_row(row: RangeRow, events: int | None) -> studies.RangeRow:
    seen = row.observed
    return studies.RangeRow(
        layer=row.layer,
        role=row.demand.role,
        format=str(row.demand.format),
        low=int(row.demand.low),
        high=int(row.demand.high),
        spare_bits=int(row.demand.spare_bits),
        answer=row.answer,
        observed_events=events if seen else None,
        observed_low=seen.low if seen else None,
        observed_high=seen.high if seen else None,
        overflows=seen.overflows if seen else None,
    )


def measure_widths(
    network: Network, results: Mapping[str, RawArray] | None = None
) -> tuple[studies.Widths, ...]:
    """Return the bits that weights, and results on events where there are some, need."""
    return tuple(_widths(network, results))


def _widths(network: Network, results: Mapping[str, RawArray] | None) -> Iterator[studies.Widths]:
    for layer in network.layers:
        for role, (raw, form) in layer.weights().items():
            if role.endswith("kernel") and raw.size:
                by_output = raw.reshape(-1, raw.shape[-1]).T
                yield _of(layer.name, role, form, bits_needed(by_output, form), by_output == 0)
        if results is not None and not isinstance(layer, Reshape):
            yield _of_result(layer.name, layer.result, results[layer.name])


def bits_needed(raw: RawArray, form: FixedFormat) -> npt.NDArray[np.int64]:
    """Return how many bits of a format each number needs, its sign counted; 0 for zero."""
    sizes = np.where(raw < 0, -raw - 1, raw)
    # the exponent of a float is the number of bits, exact for integers below 2^53
    bits = np.frexp(sizes.astype(np.float64))[1].astype(np.int64)
    return np.where(raw == 0, 0, bits + form.signed)


def _of(
    layer: str,
    role: str,
    form: FixedFormat,
    bits: npt.NDArray[np.int64],
    zeros: npt.NDArray[np.generic],
    events: int | None = None,
    maps: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64] | None] | None = None,
) -> studies.Widths:
    shown, shares = maps or (bits, None)
    small = 1 < shown.size <= MOST_PLACES
    rows, columns = shown.shape
    return studies.Widths(
        layer=layer,
        role=role,
        format=str(form),
        width=form.width,
        by_bits=tuple(np.bincount(bits.ravel(), minlength=form.width + 1).tolist()),
        zero_share=float(np.mean(zeros)),
        events=events,
        map_shape=(rows, columns) if small else (0, 0),
        bits=tuple(shown.ravel().tolist()) if small else (),
        zero_shares=tuple(shares.round(3).ravel().tolist()) if small and shares is not None else (),
    )


def _of_result(layer: str, form: FixedFormat, raw: RawArray) -> studies.Widths:
    """Return the bits that each place needed on any event, and how often it was 0."""
    bits = np.maximum(bits_needed(raw.min(axis=0), form), bits_needed(raw.max(axis=0), form))
    shares = np.mean(raw == 0, axis=0)
    if bits.ndim == 3:  # channels lie behind one another
        maps = bits.max(axis=2), shares.mean(axis=2)
    else:
        maps = bits.reshape(-1, bits.shape[-1]), shares.reshape(-1, bits.shape[-1])
    return _of(layer, "result", form, bits, shares, len(raw), maps)
