"""Records of published synthesis reports: JSON -> descriptors, context and reported figures.

A record is one JSON object with ``id``, ``tool``, ``tool_version``, ``part``, ``clock_ns``,
``io_type``, ``reported`` (latency_min/max, ii_min/max, DSP, LUT, FF, BRAM_18K, URAM) and
``layers`` in call order (type, shapes, kernel, strategy, reuse_factor, types as C++ spells them,
statistics of the weights, and in ``inst`` the layer's own row of the report). Only statistics are
needed, no weights.
"""

from __future__ import annotations

import gzip
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trigger.budget import Quantity
from trigger.design import IOType, Strategy
from trigger.errors import EstimateError, FormatError, UnsupportedLayerError
from trigger.estimate.context import Context, Tool, is_dataflow
from trigger.estimate.descriptor import ELEMENTWISE, Kind, LayerDescriptor, WeightStatistics
from trigger.fixed import FixedFormat
from trigger.layers.reuse import legal_reuse_factors

KINDS: Mapping[str, Kind] = {
    "dense": Kind.DENSE,
    "dense_large": Kind.DENSE,
    "compute_layer": Kind.DENSE,
    "conv_1d_cl": Kind.CONV,
    "conv_2d_cl": Kind.CONV,
    "pointwise_conv_1d_cl": Kind.CONV,
    "pointwise_conv_2d_cl": Kind.CONV,
    "depthwise_conv_1d_cl": Kind.DEPTHWISE,
    "depthwise_conv_2d_cl": Kind.DEPTHWISE,
    "pooling1d_cl": Kind.POOLING,
    "pooling2d_cl": Kind.POOLING,
    "global_pooling1d_cl": Kind.GLOBAL_POOLING,
    "global_pooling2d_cl": Kind.GLOBAL_POOLING,
    "relu": Kind.RELU,
    "linear": Kind.LINEAR,
    "hard_tanh": Kind.RELU,
    "hard_sigmoid": Kind.RELU,
    "binary_tanh": Kind.RELU,
    "ternary_tanh": Kind.RELU,
    "leaky_relu": Kind.LEAKY,
    "thresholded_relu": Kind.LEAKY,
    "prelu": Kind.LEAKY,
    "elu": Kind.TABLE,
    "selu": Kind.TABLE,
    "sigmoid": Kind.TABLE,
    "tanh": Kind.TABLE,
    "softplus": Kind.TABLE,
    "softsign": Kind.TABLE,
    "softmax": Kind.SOFTMAX,
    "normalize": Kind.BATCHNORM,
    "zeropad1d_cl": Kind.ZERO_PADDING,
    "zeropad2d_cl": Kind.ZERO_PADDING,
    "flatten": Kind.RESHAPE,
    "reshape": Kind.RESHAPE,
    "transpose": Kind.RESHAPE,
    "repack_stream": Kind.RESHAPE,
    "clone_stream": Kind.RESHAPE,
    "add": Kind.MERGE,
    "subtract": Kind.MERGE,
    "multiply": Kind.MULTIPLY,
    "dot1d": Kind.MULTIPLY,
    "average": Kind.MERGE,
    "maximum": Kind.MERGE,
    "minimum": Kind.MERGE,
    "concatenate1d": Kind.RESHAPE,
    "concatenate2d": Kind.RESHAPE,
    "concatenate3d": Kind.RESHAPE,
    "resize_nearest": Kind.UPSAMPLING,
    "embedding": Kind.EMBEDDING,
    "gru": Kind.RECURRENT,
    "gru_stack": Kind.RECURRENT,
    "lstm": Kind.RECURRENT,
    "lstm_stack": Kind.RECURRENT,
}
"""Function names of hls4ml's ``nnet_utils`` that the estimator knows."""

REPORT_KEYS: Mapping[Quantity, str] = {
    Quantity.LATENCY_MIN_CYCLES: "latency_min",
    Quantity.LATENCY_CYCLES: "latency_max",
    Quantity.INTERVAL_CYCLES: "ii_max",
    Quantity.DSP: "DSP",
    Quantity.LUT: "LUT",
    Quantity.FF: "FF",
    Quantity.BRAM_18K: "BRAM_18K",
    Quantity.URAM: "URAM",
}
RESOURCES = (Quantity.DSP, Quantity.LUT, Quantity.FF, Quantity.BRAM_18K)
_ROW = (Quantity.BRAM_18K, Quantity.DSP, Quantity.FF, Quantity.LUT, Quantity.URAM)
_STRATEGIES = {strategy.value.lower(): strategy for strategy in Strategy}
_ARRAY = re.compile(r"^(?:nnet::)?array<\s*(.*?)\s*,\s*(\d+)u?\s*>$")


@dataclass(frozen=True, slots=True)
class Record:
    """One report: what was built, and what the tool said of it."""

    id: str
    group: str
    """The repository: near-copies share it, so cross-validation leaves whole groups out."""
    context: Context
    layers: tuple[LayerDescriptor, ...]
    reported: Mapping[Quantity, float]
    """Figures of the whole design; what the report does not say is absent."""
    layer_rows: tuple[Mapping[Quantity, float] | None, ...]
    """The same for each layer, None where no row of the report is surely the layer's."""
    clean: bool
    """Shapes known, hls4ml's own code, no wrapper around it, not a copy of another record."""
    logic_synthesis: bool
    """The resources are not csynth figures."""
    synthesised: Mapping[Quantity, float]
    """Resources after logic synthesis of the same design alone; empty where there is no report."""


def read_records(path: Path) -> tuple[Record, ...]:
    """Read a JSON list of records, plain or gzipped; records of unknown layers are left out.

    Raises:
        EstimateError: the file is missing, not JSON or not a list, or a record lacks a field.
    """
    try:
        raw = path.read_bytes()
        text = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        rows = json.loads(text)
    except (OSError, EOFError, ValueError) as error:
        raise EstimateError(f"cannot be read: {error}", where=path) from error
    if not isinstance(rows, list):
        raise EstimateError("is not a list of records", where=path, allowed="[{...}, ...]")
    records = []
    for number, row in enumerate(rows):
        try:
            records.append(record_from_json(row))
        except UnsupportedLayerError:
            continue
        except (KeyError, TypeError, AttributeError) as error:
            raise EstimateError(
                f"record {number} is not of this form: {error!r}", where=path
            ) from error
    return tuple(records)


def record_from_json(row: Mapping[str, Any]) -> Record:
    """Read one record.

    Raises:
        UnsupportedLayerError: a layer is of no kind that the estimator knows, or has no shape.
    """
    layers = tuple(row.get("layers") or ())
    io_type = _io_type(row, layers)
    descriptors = _with_pixels(
        tuple(layer_from_json(layer, io_type, row["id"]) for layer in layers)
    )
    if not descriptors:
        raise UnsupportedLayerError("has no layers", where=row["id"])
    dataflow = row.get("dataflow")
    if dataflow is None:
        dataflow = is_dataflow(io_type, descriptors)
    reported = {
        quantity: float(row["reported"][key])
        for quantity, key in REPORT_KEYS.items()
        if row["reported"].get(key) is not None
    }
    synthesised_only = "logic synthesis" in str(row.get("stage"))
    wrapped = row.get("is_wrapper") or row.get("custom_code") or row.get("duplicate_of")
    return Record(
        id=str(row["id"]),
        group=str(row.get("group") or row["id"]),
        context=Context(
            tool=Tool.VITIS if "vitis" in str(row.get("tool")).lower() else Tool.VIVADO,
            tool_year=tool_year(row.get("tool_version")),
            part=row.get("part"),
            clock_period_ns=float(row.get("clock_ns") or 5.0),
            io_type=io_type,
            dataflow=bool(dataflow),
        ),
        layers=descriptors,
        reported=reported,
        layer_rows=tuple(_layer_row(layer.get("inst")) for layer in layers),
        clean=row.get("arch_match", True) is True and not wrapped,
        logic_synthesis=synthesised_only,
        synthesised=(
            {quantity: reported[quantity] for quantity in RESOURCES if quantity in reported}
            if synthesised_only
            else _synthesised(row.get("other_reports") or ())
        ),
    )


def layer_from_json(layer: Mapping[str, Any], io_type: IOType, where: str) -> LayerDescriptor:
    """Read one layer of a record.

    Raises:
        UnsupportedLayerError: an unknown type, or no shape.
    """
    kind = KINDS.get(layer["type"])
    geometry = layer.get("geom") or {}
    in_shape = _shape(layer.get("in_shape"))
    out_shape = _shape(layer.get("out_shape"))
    if kind is None or not in_shape or not out_shape:
        raise UnsupportedLayerError(
            f"layer {layer['type']!r} is unknown or has no shape",
            where=where,
            allowed=", ".join(KINDS),
        )
    if kind is Kind.GLOBAL_POOLING and "n_filt" in geometry:
        in_shape, out_shape = (
            (int(geometry["n_in"]), int(geometry["n_filt"])),
            (int(geometry["n_filt"]),),
        )
    if kind is Kind.BATCHNORM and int(geometry.get("n_filt") or -1) > 0 and len(in_shape) == 1:
        channels = int(geometry["n_filt"])
        in_shape = out_shape = (math.prod(in_shape) // channels, channels)
    padding: tuple[int, ...] = ()
    if "pad_left" in geometry:
        across = int(geometry["pad_left"]) + int(geometry["pad_right"])
        down = int(geometry.get("pad_top", 0)) + int(geometry.get("pad_bottom", 0))
        padding = (down, across) if "pad_top" in geometry else (across,)
    strategy = _STRATEGIES.get(str(layer.get("strategy")).lower())
    if strategy is None and layer["type"] == "dense_large":
        strategy = Strategy.RESOURCE
    if kind is Kind.RECURRENT and "n_sequence" in geometry:
        in_shape = (int(geometry["n_sequence"]), int(geometry["n_in"]))
    described = LayerDescriptor(
        name=str(layer.get("name") or layer["type"]),
        kind=kind,
        in_shape=in_shape,
        out_shape=out_shape,
        io_type=io_type,
        input=_format(layer.get("input_t")),
        result=_format(layer.get("result_t")),
        strategy=strategy,
        reuse_factor=int(layer.get("reuse_factor") or 1),
        weight=_format(layer.get("weight_t") or layer.get("scale_t")),
        bias=_format(layer.get("bias_t")),
        accumulator=_format(layer.get("accum_t")),
        weights=_statistics(layer.get("weights") or {}),
        kernel=_kernel(layer, kind, len(in_shape) - 1),
        stride=tuple(layer.get("stride") or ()),
        padding=padding if kind is not Kind.ZERO_PADDING else (),
        partitions=_integer(layer.get("n_partitions") or geometry.get("n_partitions")),
        table_size=_integer(geometry.get("table_size") or layer.get("table_size")),
        average="average" in str(layer.get("pool_op") or geometry.get("pool_op")).lower(),
    )
    return (
        replace(described, parts=_parts(described, layer)) if kind is Kind.RECURRENT else described
    )


def _parts(described: LayerDescriptor, layer: Mapping[str, Any]) -> tuple[LayerDescriptor, ...]:
    """Return the two matrix products of a recurrent layer, none where the record lacks one."""
    units = _integer((layer.get("geom") or {}).get("n_state"))
    kernels = [
        weights
        for start in ("w", "wr")
        for name, weights in (layer.get("weights") or {}).items()
        if re.fullmatch(rf"{start}\d+", name) and weights
    ]
    if units is None or len(kernels) != 2:
        return ()
    strategy = described.strategy or (
        Strategy.RESOURCE if described.reuse_factor > 1 else Strategy.LATENCY
    )
    parts = []
    for n_in, weights in zip((described.in_shape[-1], units), kernels, strict=True):
        n_out = weights["n"] // n_in
        # hls4ml takes the closest factor that is legal for each of the two.
        legal = legal_reuse_factors(n_in, n_out, strategy)
        parts.append(
            replace(
                described,
                kind=Kind.DENSE,
                io_type=IOType.PARALLEL,
                in_shape=(n_in,),
                out_shape=(n_out,),
                strategy=strategy,
                reuse_factor=min(
                    legal, key=lambda factor: (abs(factor - described.reuse_factor), -factor)
                ),
                weights=_statistics({"w": weights}),
            )
        )
    return tuple(parts)


def _with_pixels(layers: tuple[LayerDescriptor, ...]) -> tuple[LayerDescriptor, ...]:
    """Give flat inputs, of which records know the number of elements only, their pixels.

    A stream carries a pixel a word, so it matters how many words reach a layer.
    """
    known: list[LayerDescriptor] = []
    for layer in layers:
        before = known[-1].out_shape if known else ()
        if known and len(layer.in_shape) == 1 and math.prod(before) == layer.in_shape[0]:
            if layer.kind in ELEMENTWISE:
                layer = replace(layer, in_shape=before, out_shape=before)
            elif layer.kind is Kind.DENSE:
                layer = replace(layer, in_shape=before)
        known.append(layer)
    return tuple(known)


def _kernel(layer: Mapping[str, Any], kind: Kind, axes: int) -> tuple[int, ...]:
    """Return the window; one pixel where a convolution states none (pointwise)."""
    geometry = layer.get("geom") or {}
    names = ("filt_height", "filt_width")[-axes:] if axes > 0 else ()
    stated = layer.get("kernel") or [geometry[name] for name in names if name in geometry]
    if stated or kind not in (Kind.CONV, Kind.DEPTHWISE):
        return tuple(int(side) for side in stated)
    return (1,) * max(1, axes)


def tool_year(version: object) -> float | None:
    """Return 2022.1 for ``2022.1`` or ``2022.1.1``; None where there is no such number."""
    match = re.match(r"(20\d\d\.\d)", str(version))
    return float(match[1]) if match else None


def _io_type(row: Mapping[str, Any], layers: tuple[Mapping[str, Any], ...]) -> IOType:
    stated = row.get("io_type") or next(
        (layer["io_type"] for layer in layers if layer.get("io_type")), None
    )
    return IOType.STREAM if stated == IOType.STREAM.value else IOType.PARALLEL


def _shape(sides: Any) -> tuple[int, ...]:
    return tuple(int(side) for side in sides) if sides and all(sides) else ()


def _integer(value: Any) -> int | None:
    return None if value is None else int(value)


def _format(text: Any) -> FixedFormat | None:
    """Return the element format of a C++ type, None where it is a name or a float."""
    if not text:
        return None
    array = _ARRAY.match(str(text))
    try:
        return FixedFormat.parse(array[1] if array else str(text))
    except FormatError:
        return None


def _statistics(weights: Mapping[str, Any]) -> WeightStatistics | None:
    """Return the statistics of the kernel, None where a count is missing."""
    kernels = [weights[name] for name in sorted(weights) if name[:1] in "wsd"]
    if not kernels:
        return None
    row = kernels[0]
    by_csd, row_by_csd = row.get("count_by_csd"), row.get("row_distinct_by_csd")
    if not by_csd or row.get("zeros_quant") is None:
        return None
    return WeightStatistics(
        n=row["n"],
        zeros=row["zeros_quant"],
        csd_digits=row["csd_digits"],
        row_distinct_by_csd=tuple(row_by_csd or by_csd),
    )


def _synthesised(reports: Any) -> Mapping[Quantity, float]:
    """Return the first report of synthesis that is not of a wrapper with its bus logic."""
    for report in reports:
        path = str(report.get("path")).lower()
        if report.get("state") == "Synthesized" and not re.search(r"wrapper|axi|design_1", path):
            found = {Quantity(key.lower()): report.get(key) for key in ("DSP", "LUT", "FF")}
            if report.get("BRAM_tile") is not None:
                found[Quantity.BRAM_18K] = 2 * report["BRAM_tile"]
            return {quantity: float(count) for quantity, count in found.items() if count}
    return {}


def _layer_row(inst: Any) -> Mapping[Quantity, float] | None:
    if not inst or "ambiguous" in str(inst.get("match")) or "rank" in str(inst.get("match")):
        return None
    row = dict(zip(_ROW, inst.get("util") or (), strict=False))
    latency, interval = inst.get("lat") or (None, None), inst.get("ii") or (None, None)
    row[Quantity.LATENCY_MIN_CYCLES], row[Quantity.LATENCY_CYCLES] = latency
    row[Quantity.INTERVAL_CYCLES] = interval[1]
    return {quantity: float(value) for quantity, value in row.items() if value is not None}
