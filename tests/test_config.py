"""Design files: what they become, and what is refused, with file, line, key and remedy."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from trigger.config import load_contract, load_design
from trigger.design import IOType, LayerSpec, Strategy, Target
from trigger.errors import DesignError, TriggerError
from trigger.events import EventSource
from trigger.fixed import FixedFormat
from trigger.images import Encoding, Mirror
from trigger.training.spec import ModelKind, Optimiser, PruningSchedule, PruningStructure
from trigger.training.tasks import Anomaly, EventClass, Teacher

DESIGN = """\
name: small
seed: 7
events:
  source: drift_chamber
  classes: [mm, ee]
  generate: {events_per_class: 100}
input: {encoding: per_hit, shape: [16, 12], format: "ap_ufixed<8,0>"}
model:
  layers:
    - QConv2D: {name: conv1, filters: 2, kernel_size: 3, kernel_quantizer: "quantized_bits(6,0,alpha=1)", bias_quantizer: "quantized_bits(6,0,alpha=1)"}
    - QActivation: {name: relu1, activation: "quantized_relu(6)"}
    - Flatten: {name: flatten}
    - QDense: {name: score, units: 1, kernel_quantizer: "quantized_bits(6,0,alpha=1)", bias_quantizer: "quantized_bits(6,0,alpha=1)"}
training:
  epochs: 4
  learning_rate: 1e-3
  optimiser: nadam
  pruning: {final_sparsity: 0.5, schedule: polynomial}
hls:
  Backend: Vitis
  Part: xcvu13p-flga2577-2-e
  ClockPeriod: 5
  IOType: io_stream
  HLSConfig:
    Model: {Precision: "ap_fixed<16,6>", ReuseFactor: 1, Strategy: latency}
    LayerName:
      conv1: {ReuseFactor: 3, ParallelizationFactor: 2, Precision: {accum: auto, result: "fixed<12,4>"}}
      conv1_linear: {Trace: true}
      pixels: {Precision: auto}
budget: {latency_ns: 6400, device: {lut: 0.5}, auc_loss: 0.01}
trigger: {crossing_rate_mhz: 125, target_rate_khz: 4, background: mm, signal: ee}
"""  # noqa: E501


@pytest.fixture
def load(tmp_path: Path):
    """Load the design above with one text replaced."""

    def load(old: str = "", new: str = ""):
        assert old in DESIGN
        path = tmp_path / "small.yaml"
        path.write_text(DESIGN.replace(old, new, 1))
        return load_design(path)

    return load


@pytest.mark.parametrize("period", [0, -3, 1e-9, 1e4, float("nan")])
def test_a_target_has_a_clock_that_an_fpga_can_have(period):
    with pytest.raises(DesignError, match=r"the clock period is .*Allowed: 0\.1 to 1000 ns"):
        Target("Vitis", "xcvu13p-flga2577-2-e", period, IOType.STREAM)


def test_a_target_rate_is_a_share_of_all_background(load):
    machine = "colliding_bunches: 2760, revolution_frequency_khz: 11.25"
    rate = "background_per_crossing: 0.5, target_rate_khz: 7.7625"
    file = load("crossing_rate_mhz: 125, target_rate_khz: 4", f"{machine}, {rate}")
    assert file.trigger.exposure.input_rate_khz == 15_525
    assert file.trigger.acceptance == 0.0005
    assert load("target_rate_khz: 4", "background_acceptance: 0.2").trigger.acceptance == 0.2


def test_a_strategy_by_hls4mls_short_form(load):
    knobs = load("{ReuseFactor: 3,", "{Strategy: da, ReuseFactor: 1,").design.knobs
    assert knobs.layers["conv1"].strategy is Strategy.DISTRIBUTED_ARITHMETIC


def test_event_files_lie_beside_the_design_file(tmp_path):
    given = "files: {mm: [m/1.dat, m/2.dat], ee: [/far/e.dat]}"
    path = tmp_path / "design.yaml"
    path.write_text(DESIGN.replace("generate: {events_per_class: 100}", given))
    files = load_design(path).events.files
    assert files["mm"] == (str(tmp_path / "m/1.dat"), str(tmp_path / "m/2.dat"))
    assert files["ee"] == ("/far/e.dat",)


def test_every_section_becomes_a_frozen_record(load):
    design = load()
    assert (design.name, design.seed) == ("small", 7)
    model, knobs, target = design.design.model, design.design.knobs, design.design.target
    assert model.input_shape == (16, 12, 1)
    assert model.input_format == FixedFormat(8, 0, signed=False)
    assert [(layer.class_name, layer.name) for layer in model.layers] == [
        ("QConv2D", "conv1"),
        ("QActivation", "relu1"),
        ("Flatten", "flatten"),
        ("QDense", "score"),
    ]
    assert dict(model.layers[1].options) == {"activation": "quantized_relu(6)"}
    assert (target.backend, target.clock_period_ns) == ("Vitis", 5.0)
    assert target.io_type is IOType.STREAM
    assert knobs.model.strategy is Strategy.LATENCY
    assert dict(knobs.model.precision) == {"default": "ap_fixed<16,6>"}
    assert dict(knobs.layers["conv1"].precision) == {"accum": "auto", "result": "fixed<12,4>"}
    assert knobs.layers["conv1"].reuse_factor == 3
    assert knobs.layers["conv1"].parallelization_factor == 2
    assert dict(knobs.layers["conv1_linear"].extra) == {"Trace": True}
    assert design.training is not None
    assert design.training.optimiser is Optimiser.NADAM
    assert design.training.learning_rate == 0.001
    assert design.training.seed == 7
    assert design.training.pruning is not None
    assert design.training.pruning.schedule is PruningSchedule.POLYNOMIAL
    assert design.training.prune_end_epoch == 2
    assert design.events is not None
    assert design.events.source is EventSource.DRIFT_CHAMBER
    assert design.events.classes == ("mm", "ee")
    assert design.events.generate is not None
    assert design.events.generate.seed == 7
    assert design.input.encoding is Encoding.PER_HIT
    assert design.input.scale is None
    assert design.budget.latency_ns == 6400
    assert dict(design.budget.device) == {"lut": 0.5}
    assert design.trigger is not None
    assert design.trigger.signal == "ee"
    assert len(design.sha256) == 64


def test_weights_that_share_a_multiplier_follow_from_the_hls_block(load):
    part = DESIGN[DESIGN.index("{final_sparsity") : DESIGN.index("    LayerName")]
    stored = part.replace("latency", "resource")
    wanted = "structure: multiplier, signed_digits: 2, equal_constants: 3"
    shared = stored.replace("schedule: polynomial", wanted)
    found = load(part, shared).training.pruning
    assert (found.structure, found.signed_digits) == (PruningStructure.MULTIPLIER, 2)
    assert found.equal_constants == 3
    assert found.reuse_factors == {"conv1": 3, "score": 1}
    assert load(part, stored).training.pruning.reuse_factors is None
    assert load(part, shared.replace("resource", "latency")).training.pruning.reuse_factors == {}
    with pytest.raises(DesignError, match=r"pruning\.reuse_factors: unknown key reuse_factors"):
        load("schedule: polynomial", "reuse_factors: {conv1: 3}")


def test_a_design_that_is_only_compiled_needs_no_events_and_no_training(tmp_path):
    sections = DESIGN.split("\n")
    start, stop = sections.index("hls:"), sections.index("training:")
    kept = [sections[0], *sections[6:stop], *sections[start:-3]]
    path = tmp_path / "only_compiled.yaml"
    path.write_text("\n".join(kept))
    design = load_design(path)
    assert (design.events, design.training, design.trigger) == (None, None, None)
    assert design.budget.latency_ns is None


def test_the_designs_of_the_project_load():
    paths = sorted((Path(__file__).parents[1] / "models").glob("*.yaml"))
    assert paths
    for path in paths:
        assert load_design(path).name == path.stem


def test_kept_weights_are_for_the_input_of_their_design():
    models = Path(__file__).parents[1] / "models"
    folders = sorted((models / "weights").iterdir())
    assert folders
    for folder in folders:
        contract = load_contract(folder / "input_contract.json")
        design = load_design(models / f"{folder.name}.yaml")
        assert replace(design.input, scale=contract.scale) == contract


def test_equal_designs_have_equal_digests_and_a_knob_changes_it(load):
    assert load().design.digest == load().design.digest
    assert load("ReuseFactor: 3", "ReuseFactor: 9").design.digest != load().design.digest


REFUSED = [
    ("trigger:", "triger:", r"line 31, triger: unknown key triger\. .*did you mean trigger"),
    ("name: small\n", "", "the section name is missing"),
    ("name: small", "name: 3x", "the name is '3x'"),
    ("name: small", "name: yes", "true or false in YAML"),
    ("seed: 7", "seed: 7\nseed: 8", "line 3, seed: the key seed stands twice"),
    ("seed: 7", "seed: 7.5", "line 2, seed: 7.5 stands here. Allowed: a whole number"),
    ("epochs: 4", "epochs: 4\n  epochs: 5", "training.epochs: the key epochs stands twice"),
    ("epochs: 4", "epoch: 4", "training.epoch: unknown key epoch.*did you mean epochs"),
    ("  epochs: 4\n", "", "line 15, training: the key epochs is missing"),
    ("epochs: 4", "epochs: 0", r"line 15, training: training.epochs: epochs is 0\. Allowed: >= 1"),
    ("epochs: 4", "epochs: yes", "training.epochs: True stands here. Allowed: a whole number"),
    ("1e-3", "fast", "training.learning_rate: 'fast' stands here. Allowed: a number"),
    ("1e-3", "[1]", "training.learning_rate: .* stands here. Allowed: a number"),
    ("nadam", "adamm", "optimiser: 'adamm' is unknown. Allowed: Adam.*did you mean"),
    ("final_sparsity: 0.5", "final_sparsity: 1.5", "final_sparsity is 1.5"),
    ("final_sparsity: 0.5", "final_sparsity: 0.5, end_epoch: 9", "end_epoch is 9.*<= epochs"),
    ("[16, 12]", "[16, 2]", "a window of 3x3 does not fit into 16x2.*image size"),
    ("[16, 12]", "[16]", r"shape is \[16\]. Allowed: \[rows, columns\]"),
    ("[16, 12]", "16", "input.shape: '16' stands here. Allowed: a list"),
    ("[16, 12]", "[16, a]", r"input.shape\[1\]: 'a' stands here"),
    ("per_hit", "per_hitt", "'per_hitt' is unknown. Allowed: binary, total.*did you mean per_hit"),
    ("ap_ufixed<8,0>", "ap_float<8>", "input.format: cannot read the type"),
    ("ap_ufixed<8,0>", "ap_ufixed<8,-20>", "cannot hold a pixel"),
    ("ap_ufixed<8,0>", "ap_ufixed<0,0>", r"line 7, input\.format: 'ap_ufixed<0,0>' has 0 bits"),
    ("fixed<12,4>", "fixed<12,4,TRN,TRK>", "Precision.result: 'TRK' .* not a mode of overflow"),
    ("drift_chamber", "drift", "'drift' is unknown. Allowed: drift_chamber"),
    ("[mm, ee]", "[mm]", "the classes are mm"),
    ("[mm, ee]", "[mm, ee, cont]", r"gives \(1,\) for 3 classes. Allowed: \(3,\)"),
    ("  generate: {events_per_class: 100}\n", "", "generate and files are both missing"),
    ("generate: {events_per_class: 100}", "files: {ee: [a.dat]}", "files are given for ee"),
    (
        "generate: {events_per_class: 100}",
        "files: {ee: [a.dat], mm: []}",
        "no file is given for mm",
    ),
    ("events_per_class: 100", "events_per_class: 0", "events_per_class is 0"),
    ("QConv2D", "QConv2d", "layer conv1: QConv2d is not a layer class.*did you mean QConv2D"),
    ("filters: 2", "filter: 2", "unknown option filter.*did you mean filters"),
    ("name: score", "name: conv1", "layer name conv1 is used more than once"),
    ("name: score", "name: pixels", "pixels is the name of the input"),
    ("name: score, ", "", r"model.layers\[3\]: the layer has no name"),
    ("Flatten: {name: flatten}", "Flatten:", "layers.*a block of `key: value`"),
    ("QDense: {name: score", "QDense: {}\n      b: {name: score", r"layers\[3\]: 2 keys stand"),
    (",0,alpha=1)", ",0)", "alpha of quantized_bits is not given"),
    ("ReuseFactor: 3", "ReuseFacter: 3", "conv1.ReuseFacter: unknown key.*did you mean ReuseFac"),
    ("ReuseFactor: 3", "ReuseFactor: 0", "ReuseFactor is 0. Allowed: a whole number >= 1"),
    ("ReuseFactor: 3", "ReuseFactor: 3.5", "ReuseFactor: 3.5 stands here"),
    ("latency}", "fastest}", "Strategy: 'fastest' is unknown. Allowed: Latency, Resource"),
    ("io_stream", "stream", "IOType: 'stream' is unknown. Allowed: io_parallel, io_stream"),
    ("      conv1:", "      conv2:", "the model has no layer conv2.*did you mean conv1"),
    ("conv1_linear", "conv1_lenear", "the model has no layer conv1_lenear"),
    ("fixed<12,4>", "fixed<12>", "Precision.result: cannot read the type.*auto, ap_fixed"),
    (
        "ClockPeriod: 5",
        "ClockPeriod: 0",
        "ClockPeriod: the clock period is 0 ns. Allowed: 0.1 to 1000 ns",
    ),
    ("  ClockPeriod: 5\n", "", "hls: the key ClockPeriod is missing"),
    ("ClockPeriod: 5", "ClockPeriod: 5\n  OutputDir: x", "OutputDir cannot be set.*leave it out"),
    ("    Model:", "    LayerType: {}\n    Model:", "LayerType is not used here"),
    ("latency_ns: 6400", "latency: 6400", "budget.latency: unknown key.*did you mean latency_"),
    ("lut: 0.5", "lut: 50", r"budget: device\.lut: 50\. Allowed: a fraction from 0 to 1"),
    ("auc_loss: 0.01", "auc_loss: -1", "budget: auc_loss: -1. Allowed: a fraction"),
    ("auc_loss: 0.01", "time_multiplexing: 0", "time_multiplexing: 0. Allowed: a whole number"),
    ("auc_loss: 0.01", "crossing_period_ns: 0", "crossing_period_ns: 0. Allowed: a finite"),
    ("latency_ns: 6400", "latency_ns: .inf", "latency_ns: inf. Allowed: a finite number above 0"),
    ("latency_ns: 6400", "latency_ns: .nan", "budget.latency_ns: nan stands here"),
    ("crossing_rate_mhz: 125", "crossing_rate_mhz: .inf", "crossing_rate_mhz is inf"),
    ("signal: ee", "signal: cont", "cont is not a class of this design. Allowed: mm, ee"),
    ("signal: ee", "signal: mm", "background and signal are the same class"),
    ("crossing_rate_mhz: 125", "crossing_rate_mhz: 0", "crossing_rate_mhz is 0"),
    ("target_rate_khz: 4", "target_rate_khz: 4e9", "at most 125000 kHz: all of background"),
    ("target_rate_khz: 4, ", "", "the working point is given nowhere"),
    (
        "target_rate_khz: 4",
        "target_rate_khz: 4, background_acceptance: 0.1",
        "the working point is given twice",
    ),
    ("target_rate_khz: 4", "background_acceptance: 1.5", "background_acceptance is 1.5"),
    ("crossing_rate_mhz: 125, ", "", "target_rate_khz stands without a crossing rate"),
    (
        "crossing_rate_mhz: 125",
        "crossing_rate_mhz: 125, colliding_bunches: 2760, revolution_frequency_khz: 11.2455",
        "the crossing rate is given in part or twice",
    ),
    (
        "crossing_rate_mhz: 125",
        "crossing_rate_mhz: 125, background_per_crossing: 0",
        "background_per_crossing is 0",
    ),
    ("name: small", "name: [small", "line [0-9]+: not YAML: "),
    ("Backend: Vitis", "Backend: Vitas", "hls: hls.Backend: hls4ml has no backend 'Vitas'.*Vitis"),
    ("xcvu13p-flga2577-2-e", "xcvu99p", "line 20, hls: part: unknown FPGA part 'xcvu99p'"),
    ("ReuseFactor: 3", "ReuseFactor: 19", "conv1.ReuseFactor: ReuseFactor 19 is impossible for"),
    ("ReuseFactor: 1,", "ReuseFactor: 1000,", r"Model.ReuseFactor \(layer score\).*1000 is impos"),
    ("ReuseFactor: 1,", "FooBar: 1,", "Model.FooBar: unknown key FooBar. Allowed: Precision"),
    ("ReuseFactor: 1,", "Trace: true,", "Model.Trace: unknown key Trace"),
    ("ReuseFactor: 1,", "BramFactor: 0,", "BramFactor is 0. Allowed: a whole number >= 1"),
    ("accum: auto", "acum: auto", "Precision.acum: unknown key acum.*did you mean accum"),
    ('"ap_fixed<16,6>"', "auto", "Model.Precision: auto stands here. Allowed: a type"),
    ("Trace: true", "Trace: false", "Trace is False. Allowed: true. To do: leave it out"),
    ("Trace: true", "table_t: fix<3>", "conv1_linear.table_t: cannot read the type 'fix<3>'"),
    ("name: relu1", "name: input", "model.layers: the layer is named input, a name that hls4ml"),
    ("name: relu1", "name: Conv1", "conv1 and Conv1 differ in capital letters only"),
]


@pytest.mark.parametrize(("old", "new", "match"), REFUSED)
def test_what_is_wrong_is_named_with_its_line_and_key(load, old, new, match):
    with pytest.raises(TriggerError, match=match) as caught:
        load(old, new)
    assert "small.yaml, line " in str(caught.value)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "the file is empty"),
        (b"# nothing\n", "the file is empty"),
        (b"\xff\xfe\x00", "not UTF-8 text"),
        (b"- a\n- b\n", "a block stands here. Allowed: a block of `key: value`"),
        (b"name: a\n---\nname: b\n", "not YAML: but found another document"),
        (b"name: " + b"[" * 1000 + b"]" * 1000, "no_design.yaml: blocks are nested too deeply"),
        (b"name: &me [*me]", "blocks are nested too deeply, or in themselves"),
    ],
)
def test_a_file_that_is_no_design_is_refused(tmp_path, content, match):
    path = tmp_path / "no_design.yaml"
    path.write_bytes(content)
    with pytest.raises(DesignError, match=match):
        load_design(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DesignError, match=r"none.yaml: cannot read the design file: No such file"):
        load_design(tmp_path / "none.yaml")


def test_a_folder_is_not_a_design(tmp_path):
    with pytest.raises(DesignError, match="cannot read the design file: Is a directory"):
        load_design(tmp_path)


TRIGGER = "trigger: {crossing_rate_mhz: 125, target_rate_khz: 4, background: mm, signal: ee}"


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("", EventClass()),
        ("task: event_class", EventClass()),
        ("task: {event_class: {}}", EventClass()),
        (
            "task: {anomaly: {background: mm, teacher: {epochs: 3, "
            "layers: [{Flatten: {name: f}}, {Dense: {name: d, units: 192}}]}}}",
            Anomaly(
                "mm",
                Teacher(
                    (LayerSpec("Flatten", "f"), LayerSpec("Dense", "d", {"units": 192})), 3, seed=7
                ),
            ),
        ),
    ],
    ids=["none", "word", "no choices", "anomaly"],
)
def test_a_task_is_a_word_or_a_word_with_its_choices(load, text, task):
    assert load("seed: 7\n", f"seed: 7\n{text}\n").task == task


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("task: track_clas", r"line 3, task: there is no task 'track_clas'.*did you mean"),
        ("task: {track_class: {hits: 3}}", r"task.track_class.hits: unknown key hits.*min_hits"),
        ("task: {track_class: {min_hits: 0}}", "min_hits is 0"),
        ("task: {hit_noise: {}, momentum: {}}", "2 keys stand here.*one task"),
        ("task: anomaly", r"the task has no choices"),
        ("task: {anomaly: {background: mm}}", "the key teacher is missing"),
        (
            "task: {anomaly: {background: mm, teacher: {epochs: 0, layers: []}}}",
            "task.anomaly.teacher: .*epochs is 0",
        ),
        ("task: track_class", r"the last layer gives \(1,\) for 4 classes.*\(4,\)"),
        ("task: hit_noise", r"the images have no noise.*set input.keep_noise"),
        ("task: momentum", r"the last layer gives \(1,\) for a Momentum task.*\(3,\)"),
    ],
)
def test_a_task_that_does_not_fit_is_refused(load, text, match):
    with pytest.raises(DesignError, match=match):
        load("seed: 7\n", f"seed: 7\n{text}\n")


@pytest.mark.parametrize(
    ("base", "share", "match"),
    [
        ("dtw", 0.5, None),
        ("momentum", 0.5, r"training: distillation is 0.5, and this task has no labels.*classes"),
        ("dtw", 1.5, r"distillation is 1.5.*0 to 1"),
    ],
)
def test_labels_can_be_softened_where_there_are_some(tmp_path, base, share, match):
    path = tmp_path / "softened.yaml"
    models = os.path.relpath(Path(__file__).parents[1] / "models", tmp_path)
    text = f"base: {models}/{base}.yaml\nname: s\ntraining: {{distillation: {share}}}\n"
    path.write_text(text)
    if match is None:
        training = load_design(path).training
        assert training.of(ModelKind.QUANTISED).distillation == share
        assert training.of(ModelKind.FLOAT).distillation == 0
        return
    with pytest.raises(DesignError, match=match):
        load_design(path)


@pytest.mark.parametrize(
    ("base", "word", "match"),
    [
        ("dtw", "flip_x", None),
        ("dtw_objects", "flip_x", "object_set images cannot be mirrored by flip_x.*no augment"),
        ("track_class", "flip_y", "binary images cannot be mirrored by flip_y"),
        ("dtw", "flip_z", "flip_x, flip_y"),
    ],
)
def test_images_are_mirrored_where_that_is_another_likely_event(tmp_path, base, word, match):
    path = tmp_path / "mirrored.yaml"
    models = os.path.relpath(Path(__file__).parents[1] / "models", tmp_path)
    path.write_text(f"base: {models}/{base}.yaml\nname: m\ntraining: {{augment: [{word}]}}\n")
    if match is None:
        assert load_design(path).training.augment == (Mirror.FLIP_X,)
        return
    with pytest.raises(DesignError, match=match):
        load_design(path)


def test_a_task_that_decides_nothing_has_no_trigger_and_whole_events_in_a_batch(tmp_path):
    path = tmp_path / "momentum.yaml"
    text = DESIGN.replace("units: 1", "units: 3").replace("auc_loss: 0.01", "")
    momentum = "seed: 7\ntask: {momentum: {sum_weight: 1}}\n"
    path.write_text(text.replace("seed: 7\n", momentum))
    with pytest.raises(DesignError, match=r"mm is not a class.*no section trigger"):
        load_design(path)
    bare = text.replace("seed: 7\n", momentum).replace(TRIGGER, "")
    path.write_text(bare.replace("epochs: 4", "epochs: 4\n  batch_size: 30"))
    with pytest.raises(DesignError, match=r"batch_size is 30.*multiple of 4"):
        load_design(path)
    path.write_text(bare)
    file = load_design(path)
    assert (file.classes, file.labels) == ((), ("pi+", "pi-", "l+", "l-"))


def test_the_background_of_an_anomaly_is_that_of_the_trigger(tmp_path):
    task = (
        "task: {anomaly: {background: mm, teacher: {epochs: 1, "
        "layers: [{Flatten: {name: f}}, {Dense: {name: d, units: 192}}]}}}"
    )
    text = DESIGN.replace("seed: 7\n", f"seed: 7\n{task}\n")
    path = tmp_path / "anomaly.yaml"
    path.write_text(text.replace("background: mm, signal: ee", "background: ee, signal: mm"))
    with pytest.raises(DesignError, match=r"the background is ee.*mm, as the task's"):
        load_design(path)
