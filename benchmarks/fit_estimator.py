"""Fit the estimator's coefficients to records of synthesis reports.

    python benchmarks/fit_estimator.py RECORDS.json[.gz] [--output trigger/data/estimator.json]

The records are not part of the project; the coefficients are, with their origin: number of
records and repositories, hash of the file, date, and the errors of group-wise cross-validation,
which make the bands. Every law is a non-negative combination of structural terms, fitted to
relative errors, each repository weighing as the square root of its records.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from held_out import (
    JUDGED,
    HeldOut,
    Judged,
    Laws,
    bare,
    estimate_synthesised,
    judge_totals,
    with_bands,
)
from scipy.optimize import nnls

from trigger.budget import Quantity
from trigger.design import IOType
from trigger.estimate import compose, products
from trigger.estimate.coefficients import OFFSETS, SCHEMA, Band, Coefficients
from trigger.estimate.descriptor import Kind, LayerDescriptor
from trigger.estimate.laws import DEPTH_LAW, layer_structure
from trigger.estimate.records import Record, read_records
from trigger.estimate.structure import Structure
from trigger.estimate.terms import Terms, input_width, is_unrolled

IN_FABRIC_BY_DIRECTIVE = "ArgyKokk/hls4ml_MLP_estimator"
"""A study that forces multiplications into DSPs or LUTs: its DSP and LUT obey no law of weights."""

FITTED = (
    Quantity.LATENCY_MIN_CYCLES,
    Quantity.LATENCY_CYCLES,
    Quantity.INTERVAL_CYCLES,
    Quantity.LUT,
    Quantity.FF,
)
REGISTERS = {
    "window_bits": 2.0,
    "held_bits": 2.0,
    "registered_word_bits": 1.0,
    "stream_control": 60.0,
    "cast_sum_bits": 0.5,
}
"""A window is kept as it is shifted, and as its product reads it."""
CASTS = {"cast_sum_bits": 6.0}
"""Rounding is an adder; saturation two comparisons and two choices: six operators a bit."""
# A flip-flop per bit that is kept; an adder of w bits counts w + 7 LUTs; four inputs of a
# multiplexer share a 6-input LUT: 1/4 + 1/16 + ... of a LUT per input.
EXPECTED: Mapping[tuple[str, Quantity], Mapping[str, float]] = {
    ("product_constant", Quantity.LUT): {"adder_bits": 0.8, "two_digit_bits": 1.0, **CASTS},
    ("product_shared", Quantity.LUT): {"adder_bits": 0.8, "two_digit_bits": 1.0, **CASTS},
    ("product_stored", Quantity.LUT): {
        "long_adder_bits": 1.0,
        "short_adder_bits": 1.0,
        "long_input_bits": 1 / 3,
        "long_sum_bits": 1.0,
        "short_sum_bits": 1.0,
        **CASTS,
    },
    ("product_constant", Quantity.FF): {"cut_sums": 1.0, **REGISTERS},
    ("product_shared", Quantity.FF): {"cut_sums": 1.0, "waiting_sums": 1.0, **REGISTERS},
    ("product_stored", Quantity.FF): {"weight_bits": 1.0, **REGISTERS},
    (DEPTH_LAW, Quantity.LATENCY_CYCLES): {
        f"{part}_{fabric}_{tool}": delay
        for part in ("product", "adder")
        for fabric, delay in (("7", 0.5), ("us", 0.15))
        for tool in ("vivado", "vitis")
    },
    ("top_pipeline", Quantity.LUT): {"between_bits": 0.0},
    ("top_pipeline", Quantity.FF): {"between_bits": 0.5},
    ("top_dataflow", Quantity.LUT): {"elements": 32.0},
    ("top_dataflow", Quantity.FF): {"elements": 16.0},
    ("relu_parallel", Quantity.FF): {"kept_bits": 1.0},
    ("linear_parallel", Quantity.FF): {"kept_bits": 1.0},
    **{
        (top, quantity): {"layers": 1.0}
        for top in ("top_pipeline", "top_dataflow")
        for quantity in (Quantity.LATENCY_MIN_CYCLES, Quantity.LATENCY_CYCLES)
    },
}
"""What a term costs where no report says otherwise."""
PULL = 2.0
"""Weight of what is expected, beside one opinion from each repository that shows a term."""
DEPTH_PULL = 5.0
"""The same for delays, which latencies of whole cycles show but roughly."""
SLIGHT_PULL = 0.1
"""Weight of zero for terms of which nothing is expected."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure of a report, beside the terms that should explain it."""

    group: str
    actual: float
    exact: float
    terms: Terms


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A layer whose figures are known for itself."""

    record: Record
    layer: LayerDescriptor
    figures: Mapping[Quantity, float]


def layer_rows(records: Iterable[Record]) -> list[LayerRow]:
    """Return the layers with figures: own rows of a report, or a design of one layer."""
    rows = []
    for record in records:
        if len(record.layers) == 1 and record.layer_rows[0] is None:
            figures = dict(record.reported)
            if record.logic_synthesis:
                continue
            if not record.context.dataflow and Quantity.FF in figures:
                # The top function of one layer also holds the registers of its inputs.
                first = record.layers[0]
                figures[Quantity.FF] -= int(np.prod(first.in_shape)) * input_width(first)
            rows.append(LayerRow(record, record.layers[0], figures))
            continue
        rows += [
            LayerRow(record, layer, figures)
            for layer, figures in zip(record.layers, record.layer_rows, strict=True)
            if figures is not None
        ]
    return rows


def fit_laws(records: Sequence[Record]) -> Laws:
    """Fit every law: first the depth of products, then layers, then the top function."""
    rows = layer_rows(records)
    laws: Laws = {}
    depths = [
        Sample(
            row.record.group, depth + 0.5, 0.0, products.depth_terms(row.layer, row.record.context)
        )
        for row in rows
        if (depth := shown_depth(row)) is not None
    ]
    depth_key = (DEPTH_LAW, Quantity.LATENCY_CYCLES)
    laws[depth_key] = fit(depths, Quantity.LATENCY_CYCLES, EXPECTED[depth_key], DEPTH_PULL)
    depths_only = bare(laws)
    samples: dict[tuple[str, Quantity], list[Sample]] = collections.defaultdict(list)
    for row in rows:
        structure = layer_structure(row.layer, row.record.context, depths_only)
        if structure is None:
            continue
        _collect(samples, structure, row.figures, row.record.group)
    for record in records:
        if all(row is not None for row in record.layer_rows) and len(record.layers) > 1:
            values = [row for row in record.layer_rows if row is not None]
            top = compose.structure(record.layers, values, record.context)
            _collect(samples, *_without_layers(top, record.reported), record.group)
    for (law, quantity), found in samples.items():
        laws[law, quantity] = fit(found, quantity, EXPECTED.get((law, quantity), {}))
    for key, costs in EXPECTED.items():
        laws[key] = {**costs, **laws.get(key, {})}
    return laws


STREAM_START = 3
"""Cycles of a streamed convolution beyond its pixels and the depth of its product."""
DEEPEST = 40
"""Latencies of more cycles than pixels are of loops that wait for memory, not of pipelines."""


def shown_depth(row: LayerRow) -> float | None:
    """Return the depth of a product of constants where a report shows it: in a latency."""
    layer, latency = row.layer, row.figures.get(Quantity.LATENCY_CYCLES)
    if latency is None or layer.reuse_factor != 1 or not is_unrolled(layer):
        return None
    if layer.kind is Kind.DENSE and layer.io_type is IOType.PARALLEL:
        return latency if latency < DEEPEST else None
    if layer.kind is Kind.CONV and layer.io_type is IOType.STREAM:
        depth = latency - layer.in_pixels - STREAM_START
        return max(0.0, depth) if -STREAM_START <= depth < min(DEEPEST, layer.in_pixels) else None
    return None


def _without_layers(
    top: Structure, reported: Mapping[Quantity, float]
) -> tuple[Structure, dict[Quantity, float]]:
    """Take the layers' LUT and FF off both sides, so that what lies between them is fitted."""
    between = (Quantity.LUT, Quantity.FF)
    figures = {
        quantity: max(0.0, figure - top.exact.get(quantity, 0.0)) if quantity in between else figure
        for quantity, figure in reported.items()
    }
    exact = {
        quantity: 0.0 if quantity in between else top.exact[quantity] for quantity in top.exact
    }
    return replace(top, exact=exact), figures


def _collect(
    samples: dict[tuple[str, Quantity], list[Sample]],
    structure: Structure,
    figures: Mapping[Quantity, float],
    group: str,
) -> None:
    for quantity in FITTED:
        terms = structure.terms.get(quantity)
        if not terms or quantity not in figures:
            continue
        if group == IN_FABRIC_BY_DIRECTIVE and quantity is Quantity.LUT:
            continue
        sample = Sample(group, figures[quantity], structure.exact.get(quantity, 0.0), terms)
        samples[structure.law_of(quantity), quantity].append(sample)


def fit(
    samples: Sequence[Sample],
    quantity: Quantity,
    expected: Mapping[str, float] = MappingProxyType({}),
    pull: float = PULL,
    steps: int = 20,
) -> dict[str, float]:
    """Fit non-negative coefficients to the least sum of absolute errors, relative both ways.

    An error counts relative to the geometric mean of what is reported and estimated, so that half
    and double weigh the same. Least squares, reweighted towards absolute errors (outliers are
    other tool versions and settings that no record tells), with a slight pull to zero for terms
    that nothing decides (or to what they physically are, where that is known).
    """
    names = sorted({name for sample in samples for name in sample.terms})
    physical = np.array([expected.get(name, 0.0) for name in names])
    sizes = collections.Counter(sample.group for sample in samples)
    matrix = np.array([[sample.terms.get(name, 0.0) for name in names] for sample in samples])
    actual = np.array([sample.actual for sample in samples])
    exact = np.array([sample.exact for sample in samples])
    target = actual - exact
    offset = OFFSETS[quantity]
    reported = np.maximum(actual, 0.0) + offset
    scale = 1 / reported
    prior = np.array([sizes[sample.group] ** -0.5 for sample in samples])
    size = np.abs(matrix * scale[:, None]).max(axis=0)
    size[size == 0] = 1.0
    seen = np.array(
        [
            len({sample.group for sample in samples if sample.terms.get(name, 0.0) > 0})
            for name in names
        ]
    )
    rein = np.diag(size * np.where(physical > 0, pull / np.maximum(seen, 1), SLIGHT_PULL))
    weight = prior.copy()
    for _ in range(steps):
        root = np.sqrt(weight) * scale
        system = np.vstack([matrix * root[:, None], rein * np.sqrt(np.mean(weight))])
        wanted = np.concatenate([target * root, rein @ physical * np.sqrt(np.mean(weight))])
        answer, _ = nnls(system, wanted, maxiter=50 * len(names) + 100)
        estimated = np.maximum(exact + matrix @ answer, 0.0) + offset
        scale = 1 / np.sqrt(reported * estimated)
        error = np.abs(matrix @ answer - target) * scale
        weight = prior / np.maximum(error, 0.02)
    return dict(zip(names, (float(f"{number:.5g}") for number in answer), strict=True))


def judge_layers(records: Sequence[Record], fitted: Coefficients) -> list[Judged]:
    judged = []
    for row in layer_rows(records):
        structure = layer_structure(row.layer, row.record.context, fitted)
        if structure is None:
            continue
        for quantity in JUDGED:
            value = fitted.value(structure, quantity)
            if value is not None and quantity in row.figures:
                judged.append(
                    Judged(row.record, structure.law, quantity, row.figures[quantity], value)
                )
    return judged


def cross_validate(records: Sequence[Record]) -> HeldOut:
    """Judge each repository by coefficients fitted without it."""
    found = HeldOut([], [], [])
    for group in sorted({record.group for record in records}):
        fitted = bare(fit_laws([record for record in records if record.group != group]))
        held_out = [record for record in records if record.group == group]
        found.layers.extend(judge_layers(held_out, fitted))
        found.totals.extend(judge_totals(held_out, fitted))
        found.synthesised.extend(estimate_synthesised(held_out, fitted))
    return found


def clean_core(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if record.clean]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("records", type=Path)
    parser.add_argument("--output", type=Path, default=Path("trigger/data/estimator.json"))
    options = parser.parse_args(arguments)
    records = clean_core(read_records(options.records))
    fitted = with_bands(fit_laws(records), cross_validate(records))
    laws = fitted.laws
    data = {
        "schema": SCHEMA,
        "origin": {
            "what": "csynth reports of hls4ml projects that people published",
            "tools": sorted({record.context.tool.value for record in records}),
            "tool_years": _span(records),
            "records": len(records),
            "groups": len({record.group for record in records}),
            "records_sha256": hashlib.sha256(options.records.read_bytes()).hexdigest(),
            "command": "python benchmarks/fit_estimator.py RECORDS",
            "date": datetime.date.today().isoformat(),
            "bands": "quantiles of (reported + offset) / (estimated + offset) in cross-validation"
            " by repository, widened for the few repositories; reports; repositories",
        },
        "laws": {
            f"{law}.{quantity.value}": terms
            for (law, quantity), terms in sorted(
                laws.items(), key=lambda item: (item[0][0], item[0][1].value)
            )
        },
        "layer_bands": _plain(fitted.layer_bands),
        "total_bands": _plain(fitted.total_bands),
        "logic_synthesis": {
            f"{strategy}.{quantity.value}": {"ratio": law.ratio, "band": _row(law.band)}
            for (strategy, quantity), law in fitted.logic_synthesis.items()
        },
        "moved_product_luts": fitted.moved_product_luts,
    }
    _write(options.output, json.dumps(data, indent=1) + "\n")
    sys.stdout.write(f"{options.output}: {len(laws)} laws from {len(records)} records\n")


def _span(records: Sequence[Record]) -> list[float]:
    years = [record.context.tool_year for record in records if record.context.tool_year]
    return [min(years), max(years)]


def _row(band: Band) -> list[float]:
    return [float(f"{band.low:.4g}"), float(f"{band.high:.4g}"), band.support, band.groups]


def _plain(found: Mapping[tuple[str, Quantity], Band]) -> dict[str, list[float]]:
    return {
        f"{name}.{quantity.value}": _row(band)
        for (name, quantity), band in sorted(
            found.items(), key=lambda item: (item[0][0], item[0][1].value)
        )
    }


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(name, path)


if __name__ == "__main__":
    main()
