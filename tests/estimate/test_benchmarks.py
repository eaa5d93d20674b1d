"""The scripts that fit and measure the estimator, on reports made from known laws."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trigger.budget import Quantity
from trigger.estimate.coefficients import OFFSETS, read_coefficients

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

baselines = pytest.importorskip("baselines")
estimator_accuracy = pytest.importorskip("estimator_accuracy")
fit_estimator = pytest.importorskip("fit_estimator")
held_out = pytest.importorskip("held_out")


def made_records() -> list[dict]:
    """Dense designs of four repositories whose LUT, FF and latency follow simple laws."""
    random = np.random.default_rng(5)
    records = []
    for number in range(40):
        n_in, n_out = (int(size) for size in random.integers(8, 64, 2))
        nonzeros = int(n_in * n_out * random.uniform(0.3, 1.0))
        many = nonzeros // 2
        lut = 16.0 * (nonzeros - n_out) + 20.0 * (nonzeros - many) + 8 * n_out
        records.append({
            "id": f"made-{number}", "group": f"team/{number % 4}", "tool": "vivado_hls",
            "tool_version": "2020.1", "part": "xcu250", "clock_ns": 5.0, "arch_match": True,
            "io_type": "io_parallel",
            "reported": {"latency_min": 1, "latency_max": 1, "ii_max": 1, "DSP": many,
                         "LUT": lut, "FF": 30.0 * n_out + 16 * n_in, "BRAM_18K": 0},
            "layers": [{
                "type": "dense", "in_shape": [n_in], "out_shape": [n_out], "strategy": "latency",
                "reuse_factor": 1, "input_t": "ap_fixed<16,6>", "weight_t": "ap_fixed<16,6>",
                "accum_t": "ap_fixed<16,6>", "result_t": "ap_fixed<16,6>",
                "weights": {"w2": {
                    "n": n_in * n_out, "zeros_quant": n_in * n_out - nonzeros, "pow2": 0,
                    "csd_digits": 2 * nonzeros, "distinct": 9,
                    "count_by_csd": [nonzeros, nonzeros, many, 0],
                    "row_distinct_by_csd": [nonzeros, nonzeros, many, 0],
                }},
            }],
        })  # fmt: skip
    return records


@pytest.fixture
def records_file(tmp_path) -> Path:
    path = tmp_path / "records.json"
    path.write_text(json.dumps(made_records()))
    return path


def test_fit_finds_coefficients_from_noisy_figures_with_outliers() -> None:
    random = np.random.default_rng(7)
    samples = []
    for number in range(80):
        first, second = random.uniform(10, 1000, 2)
        actual = (3 * first + 0.5 * second) * random.uniform(0.98, 1.02)
        actual *= 10 if number % 10 == 0 else 1
        samples.append(
            fit_estimator.Sample(f"g{number % 5}", actual, 0.0, {"a": first, "b": second})
        )
    found = fit_estimator.fit(samples, Quantity.LUT)
    assert found["a"] == pytest.approx(3, rel=0.1)
    assert found["b"] == pytest.approx(0.5, rel=0.3)


def test_what_nothing_decides_is_what_is_expected() -> None:
    samples = [fit_estimator.Sample("g", 100.0, 0.0, {"seen": 10.0, "unseen": 0.0})] * 3
    found = fit_estimator.fit(samples, Quantity.LUT, {"unseen": 0.25})
    assert found["seen"] == pytest.approx(10, rel=0.05)
    assert found["unseen"] == pytest.approx(0.25)


def test_fitting_writes_coefficients_that_can_be_read(records_file, tmp_path, capsys) -> None:
    output = tmp_path / "estimator.json"
    fit_estimator.main([str(records_file), "--output", str(output)])
    fitted = read_coefficients(output)
    assert "40 csynth reports of 4 repositories" in fitted.origin
    assert ("product_constant", Quantity.LUT) in fitted.laws
    band = fitted.total_bands["dense io_parallel Latency", Quantity.LUT]
    assert (band.support, band.groups) == (40, 4)
    assert band.low <= 1 <= band.high
    assert "40 records" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".json"] == []


def test_accuracy_rows_have_the_promised_keys(records_file, capsys) -> None:
    estimator_accuracy.main([str(records_file), "--cross-validate", "--json"])
    rows = json.loads(capsys.readouterr().out)
    wanted = {"quantity", "kind", "io_type", "strategy", "n", "median_error", "p90_error", "bias",
              "band_coverage", "worst"}  # fmt: skip
    assert all(wanted <= set(row) for row in rows)
    own = {row["quantity"]: row for row in rows if row["kind"] == "dense"}
    assert (own["lut"]["io_type"], own["lut"]["strategy"]) == ("io_parallel", "Latency")
    assert own["lut"]["n"] == 40
    assert own["lut"]["median_error"] < 0.1
    assert own["dsp"]["median_error"] == 0
    assert own["dsp"]["band_coverage"] == 1
    assert len(own["lut"]["worst"]) == 10


def test_accuracy_with_the_kept_coefficients_prints_a_table(records_file, capsys) -> None:
    estimator_accuracy.main([str(records_file)])
    text = capsys.readouterr().out
    assert "| quantity | kind | io_type | strategy | n |" in text
    assert "worst lut: made-" in text


def test_the_short_table_has_a_line_per_kind_and_the_bands(records_file, capsys) -> None:
    estimator_accuracy.main([str(records_file), "--summary"])
    head, _, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("| design | n | latency_cycles | interval_cycles | dsp |")
    cells = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in lines}
    assert set(cells) == {"all", "dense, io_parallel, Latency"}
    assert cells["dense, io_parallel, Latency"][0].strip() == "40 (4)"
    assert all("hold" in cell for cell in cells["all"][1:])


def test_logic_synthesis_is_judged_by_its_own_reports(tmp_path, capsys) -> None:
    path = tmp_path / "pairs.json"
    path.write_text(json.dumps([synthesised_record(dsp, "xcvu13p") for dsp in (100, 200)]))
    estimator_accuracy.main([str(path), "--after-synthesis", "--json"])
    rows = {row["quantity"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {"dsp", "lut", "ff"}
    assert rows["lut"]["worst"][0]["reported"] == 5000


def test_a_file_without_clean_records_is_told(tmp_path) -> None:
    path = tmp_path / "records.json"
    path.write_text(json.dumps([{**made_records()[0], "is_wrapper": True}]))
    with pytest.raises(SystemExit, match="no record that can be judged"):
        estimator_accuracy.main([str(path)])


@pytest.mark.parametrize(
    ("estimated", "reported", "error"), [(12, 10, 0.2), (8, 10, 0.2), (0, 0, 0), (3, 0, 3)]
)
def test_relative_errors(estimated, reported, error) -> None:
    assert estimator_accuracy.relative_error(estimated, reported) == pytest.approx(error)


@pytest.mark.slow
def test_closed_forms_and_boosting_answer_for_the_same_designs(records_file) -> None:
    records = fit_estimator.read_records(records_file)
    rules = baselines.closed_form(records[0])
    assert rules[Quantity.DSP] == records[0].reported[Quantity.DSP]
    assert rules[Quantity.LATENCY_CYCLES] == 2
    pytest.importorskip("sklearn")
    (answer,) = baselines.boosting(records[1:], records[:1], [Quantity.LUT])
    assert 0.3 < answer[Quantity.LUT] / records[0].reported[Quantity.LUT] < 3


def judged(records, name: str, ratios, group: str = "") -> list:
    """Held-out figures of 1000 estimated LUTs."""
    return [
        held_out.Judged(
            replace(record, group=group or record.group), name, Quantity.LUT, 1000.0 * ratio, 1000.0
        )
        for record, ratio in zip(records, ratios, strict=True)
    ]


def test_bands_of_a_few_repositories_hold_more_than_their_share(records_file) -> None:
    records = fit_estimator.read_records(records_file)
    cases = judged(records, "law", np.linspace(0.5, 1.5, 40))
    band = held_out.bands(cases)["law", Quantity.LUT]
    low, high = band.around(1000.0, Quantity.LUT)
    inside = sum(low <= case.actual <= high for case in cases) / len(cases)
    assert inside > 0.8
    assert high < 2000
    assert (band.support, band.groups) == (40, 4)
    assert OFFSETS[Quantity.LUT] > 0


def test_a_repository_of_many_records_weighs_like_one_of_few(records_file) -> None:
    record, *_ = fit_estimator.read_records(records_file)
    many = judged([record] * 90, "law", [1.0] * 90, "many")
    few = [
        case for ratio in (0.5, 2.0) for case in judged([record], "law", [ratio], f"few {ratio}")
    ]
    band = held_out.bands(many + few)["law", Quantity.LUT]
    assert band.low < 0.6
    assert band.high > 1.7


def test_one_repository_is_not_enough_for_a_narrow_band(records_file) -> None:
    record, *_ = fit_estimator.read_records(records_file)
    alone = judged([record] * 30, "alone", [1.0] * 30, "alone")
    others = [
        case
        for number, ratio in enumerate(np.linspace(0.4, 2.5, 9))
        for case in judged([record], "other", [ratio], f"other {number}")
    ]
    found = held_out.bands(alone + others)
    assert found["alone", Quantity.LUT].low < 0.8
    assert found["alone", Quantity.LUT].high > 1.25


def synthesised_record(dsp: float, part: str, strategy: str = "latency") -> dict:
    """A design whose logic synthesis left half of its LUTs, and as many DSPs as the part has."""
    record = made_records()[0]
    record["layers"][0]["strategy"] = strategy
    record["layers"][0]["reuse_factor"] = 1 if strategy == "latency" else 4
    record["part"] = part
    moved = max(0.0, dsp - 220)
    record["reported"] |= {"DSP": dsp, "LUT": 10_000, "FF": 4000}
    synthesised = {"DSP": dsp - moved, "LUT": 5000 + 70 * moved, "FF": 3000}
    record["other_reports"] = [{"state": "Synthesized", "path": "a.rpt", **synthesised}]
    return record


def test_logic_synthesis_is_learned_from_pairs_of_reports(tmp_path) -> None:
    path = tmp_path / "pairs.json"
    rows = [synthesised_record(dsp, "xc7z020clg400-1") for dsp in (100, 200, 320, 420)]
    path.write_text(json.dumps(rows))
    cases = [
        held_out.Synthesised(record, record.reported) for record in fit_estimator.read_records(path)
    ]
    laws, moved_luts = held_out.logic_synthesis(cases)
    assert moved_luts == 70
    assert laws["Latency", Quantity.LUT].ratio == 0.5
    assert laws["Latency", Quantity.FF].ratio == 0.75
    assert laws["Latency", Quantity.LUT].band.support == 4
    assert ("Resource", Quantity.LUT) not in laws
