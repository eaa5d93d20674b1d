"""Records of published reports, as JSON."""

import gzip
import json
from pathlib import Path

import pytest

from trigger.budget import Quantity
from trigger.design import IOType, Strategy
from trigger.errors import EstimateError, UnsupportedLayerError
from trigger.estimate.context import Tool
from trigger.estimate.descriptor import Kind
from trigger.estimate.records import layer_from_json, read_records, record_from_json, tool_year
from trigger.fixed import FixedFormat

CONV = {
    "type": "conv_2d_cl",
    "name": "conv",
    "in_shape": [6, 6, 1],
    "out_shape": [6, 6, 4],
    "kernel": [3, 3],
    "stride": [1, 1],
    "strategy": "latency",
    "reuse_factor": 1,
    "input_t": "array<ap_fixed<16,6>,1u>",
    "weight_t": "ap_fixed<8,1>",
    "accum_t": "ap_fixed<20,8>",
    "result_t": "array<ap_fixed<20,8,AP_RND,AP_SAT>,4>",
    "geom": {"pad_left": 1, "pad_right": 1, "pad_top": 1, "pad_bottom": 1, "n_partitions": 36},
    "weights": {
        "b2": {"n": 4, "zeros_quant": 4, "count_by_csd": [0, 0, 0, 0]},
        "w2": {
            "n": 36,
            "zeros_quant": 6,
            "pow2": 10,
            "csd_digits": 60,
            "distinct": 12,
            "count_by_csd": [30, 20, 10, 0],
            "row_distinct_by_csd": [28, 19, 9, 0],
        },
    },
    "inst": {"lat": [70, 72], "ii": [70, 72], "util": [0, 9, 500, 900, 0], "match": "config"},
}
RELU = {"type": "relu", "name": "relu", "in_shape": [144], "out_shape": [144]}
DENSE = {
    "type": "dense",
    "in_shape": [144],
    "out_shape": [5],
    "reuse_factor": 9,
    "strategy": "resource",
    "weight_t": "ap_fixed<8,1>",
}
RECORD = {
    "id": "x-1", "group": "a/b", "tool": "vitis_hls", "tool_version": "2022.1.1",
    "part": "xcu250", "clock_ns": 5.0, "io_type": "io_stream", "arch_match": True,
    "reported": {"latency_min": 70, "latency_max": 72, "ii_max": 72, "DSP": 9, "LUT": 1000,
                 "FF": None, "BRAM_18K": 0},
    "layers": [CONV, RELU, DENSE],
}  # fmt: skip


def test_a_record() -> None:
    record = record_from_json(RECORD)
    assert (record.id, record.group, record.clean) == ("x-1", "a/b", True)
    assert record.context.tool is Tool.VITIS
    assert record.context.tool_year == 2022.1
    assert record.context.dataflow
    assert record.reported[Quantity.LATENCY_CYCLES] == 72
    assert Quantity.FF not in record.reported
    row = record.layer_rows[0]
    assert row is not None
    assert (row[Quantity.DSP], row[Quantity.FF], row[Quantity.LUT]) == (9, 500, 900)
    assert record.layer_rows[1:] == (None, None)


def test_a_convolution_of_a_record() -> None:
    layer = record_from_json(RECORD).layers[0]
    assert (layer.kind, layer.io_type, layer.strategy) == (
        Kind.CONV, IOType.STREAM, Strategy.LATENCY,
    )  # fmt: skip
    assert (layer.padding, layer.in_pixels, layer.partitions) == ((2, 2), 64, 36)
    assert layer.input == FixedFormat(16, 6)
    assert str(layer.result) == "ap_fixed<20,8,AP_RND,AP_SAT>"
    assert layer.weights is not None
    assert (layer.weights.nonzeros, layer.weights.row_distinct_by_csd[2]) == (30, 9)


def test_flat_layers_of_a_stream_get_the_pixels_of_the_layer_before() -> None:
    layers = record_from_json(RECORD).layers
    assert layers[1].out_shape == (6, 6, 4)
    assert layers[2].in_shape == (6, 6, 4)
    assert layers[2].in_pixels == 36
    assert layers[2].weights is None


def test_a_convolution_without_a_stated_window_is_pointwise() -> None:
    bare = {key: value for key, value in CONV.items() if key != "kernel"}
    assert layer_from_json(bare, IOType.STREAM, "x").kernel == (1, 1)
    geometry = {**CONV["geom"], "filt_height": 5, "filt_width": 3}
    assert layer_from_json({**bare, "geom": geometry}, IOType.STREAM, "x").kernel == (5, 3)


def test_a_type_that_is_only_a_name_is_unknown() -> None:
    layer = layer_from_json({**RELU, "input_t": "result_t"}, IOType.PARALLEL, "x")
    assert layer.input is None


@pytest.mark.parametrize("flag", ["is_wrapper", "custom_code", "duplicate_of"])
def test_records_that_are_not_clean(flag: str) -> None:
    assert not record_from_json({**RECORD, flag: "yes"}).clean
    assert not record_from_json({**RECORD, "arch_match": "by name"}).clean


def test_rows_that_are_not_surely_a_layers_are_not_used() -> None:
    row = {**CONV, "inst": {**CONV["inst"], "match": "rank by size (ambiguous)"}}
    assert record_from_json({**RECORD, "layers": [row]}).layer_rows == (None,)


@pytest.mark.parametrize("layer", [{**RELU, "type": "magic"}, {"type": "relu"}])
def test_unknown_layers_and_shapes_are_refused_and_left_out_of_a_file(tmp_path, layer) -> None:
    bad = {**RECORD, "layers": [layer]}
    with pytest.raises(UnsupportedLayerError, match="is unknown or has no shape"):
        record_from_json(bad)
    path = tmp_path / "records.json.gz"
    path.write_bytes(gzip.compress(json.dumps([bad, RECORD]).encode()))
    assert [record.id for record in read_records(path)] == ["x-1"]


def test_a_record_without_layers_is_refused() -> None:
    with pytest.raises(UnsupportedLayerError, match="has no layers"):
        record_from_json({**RECORD, "layers": []})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "cannot be read"),
        ("{}", "is not a list of records"),
        ('[{"id": 1}]', "has no layers|record 0 is not of this form"),
        (
            '[{"id": "a", "layers": [{"type": "relu", "in_shape": [1], "out_shape": [1]}]}]',
            r"record 0 is not of this form: KeyError\('reported'\)",
        ),
        ("[3]", "record 0 is not of this form"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path, text: str, message: str) -> None:
    path = tmp_path / "records.json"
    path.write_text(text)
    if "has no layers" in message:
        assert read_records(path) == ()
        return
    with pytest.raises(EstimateError, match=message):
        read_records(path)


def test_a_missing_file() -> None:
    with pytest.raises(EstimateError, match="cannot be read"):
        read_records(Path("nowhere.json"))


@pytest.mark.parametrize(
    ("version", "year"), [("2020.1", 2020.1), ("2019.2.1", 2019.2), (None, None), ("v3", None)]
)
def test_tool_versions(version, year) -> None:
    assert tool_year(version) == year
