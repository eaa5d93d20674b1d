"""Conversion: what hls4ml makes is what the design asked for, and what Keras computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trigger.design import Design, IOType, Knobs, LayerKnobs, LayerSpec, ModelSpec, Strategy, Target
from trigger.emulate import compare, in_steps, run
from trigger.errors import ConversionError, DesignError, OutputError, UnsupportedLayerError
from trigger.fixed import FixedFormat
from trigger.layers import DistributedArithmetic

pytestmark = [pytest.mark.training, pytest.mark.slow]

WEIGHTS = {
    "kernel_quantizer": "quantized_bits(6,0,alpha=1)",
    "bias_quantizer": "quantized_bits(6,0,alpha=1)",
}


def layer(class_name, name, **options):
    return LayerSpec(class_name, name, options)


MODEL = ModelSpec(
    (8, 8, 1),
    FixedFormat.parse("ap_ufixed<8,0>"),
    (
        layer("QConv2D", "conv", filters=4, kernel_size=3, padding="same", **WEIGHTS),
        layer("QActivation", "relu", activation="quantized_relu(6,2)"),
        layer("MaxPooling2D", "pool", pool_size=2),
        layer("AveragePooling2D", "mean", pool_size=2),
        layer("Flatten", "flat"),
        layer("QDense", "hidden", units=4, **WEIGHTS),
        layer("QActivation", "round", activation="quantized_bits(8,3,alpha=1)"),
        layer("QDense", "last", units=4, activation="quantized_relu(6,2)", **WEIGHTS),
        layer("QDense", "score", units=1, **WEIGHTS),
    ),
)
TARGET = Target("Vitis", "xcvu13p-flga2577-2-e", 5.0, IOType.STREAM)
DESIGN = Design("test", MODEL, Knobs(LayerKnobs(strategy=Strategy.LATENCY, reuse_factor=1)), TARGET)


@pytest.fixture(scope="module")
def model():
    from trigger import zoo

    built = zoo.build(MODEL, seed=1)
    rng = np.random.default_rng(0)
    for each in built.layers:
        each.set_weights([rng.normal(0, 0.4, weight.shape) for weight in each.get_weights()])
    return built


def converted(model, folder, design=DESIGN):
    from trigger.convert import convert

    return convert(model, design, folder)


@pytest.fixture(scope="module", params=IOType, ids=lambda io_type: io_type.value)
def conversion(request, model, tmp_path_factory):
    design = replace(DESIGN, target=replace(TARGET, io_type=request.param))
    return converted(model, tmp_path_factory.mktemp("convert") / "project", design)


def test_keras_agrees_bit_for_bit_up_to_the_layer_where_hls4ml_is_not_exact(model, conversion):
    from trigger.training.trace import LayerTracer

    network = conversion.network
    pairs = {name: it for name, it in conversion.counterparts.items() if name != "pixels"}
    pixels = np.random.default_rng(1).integers(0, 256, (200, 8, 8, 1))
    values = LayerTracer(model, tuple(pairs.values()), 2.0**-8).run(pixels)
    ours = run(network, pixels, layers=tuple(pairs))
    theirs = in_steps(network, {name: values[it] for name, it in pairs.items()})

    agreement = compare(network, ours, theirs, names=("emulated", "QKeras"))

    exact = {row.layer: row.mismatches == 0 for row in agreement.layers}
    assert exact["conv"]
    assert exact["relu"]
    assert exact["pool"]
    assert agreement.first.layer == "mean"  # the mean is cut to its result format


def test_a_layer_with_an_activation_of_its_own_stands_for_the_activation(conversion):
    assert conversion.counterparts["last_quantized_relu"] == "last"
    assert "last" not in conversion.counterparts


def test_a_quantised_linear_activation_is_kept(conversion):
    """hls4ml alone would merge it into the layer before and forget its quantiser."""
    assert str(conversion.network["round"].result) == "ap_fixed<8,4,AP_RND_CONV,AP_SAT>"


def test_the_input_has_the_format_of_the_contract(conversion):
    assert conversion.network.inputs[0].result == MODEL.input_format


def test_the_project_is_whole(conversion):
    assert (conversion.folder / "firmware" / "myproject.cpp").is_file()
    assert [path.name for path in conversion.folder.parent.iterdir()] == ["project"]


def test_equal_models_give_equal_projects_wherever_they_are_written(
    model, conversion, tmp_path, monkeypatch
):
    # hls4ml's random stamp as one of digits alone, which YAML writes in quotes
    monkeypatch.setattr("hls4ml.model.graph.uuid.uuid4", lambda: "12345678")
    design = replace(DESIGN, target=replace(TARGET, io_type=conversion.network["pool"].io_type))
    again = converted(model, tmp_path / "a place for größere Entwürfe" / "again", design)
    assert again.network == conversion.network
    written = [path for path in again.folder.rglob("*") if path.is_file()]
    for path in written:
        if path.suffix != ".keras":  # a zip archive, which holds the time of day
            first = conversion.folder / path.relative_to(again.folder)
            assert path.read_bytes() == first.read_bytes(), path.name
    assert "OutputDir: .\n" in (again.folder / "hls4ml_config.yml").read_text()


def test_resource_strategy_gives_equal_weights_and_its_reuse_factors(model, conversion, tmp_path):
    knobs = Knobs(
        LayerKnobs(strategy=Strategy.RESOURCE, reuse_factor=1),
        {"conv": LayerKnobs(reuse_factor=3), "hidden": LayerKnobs(reuse_factor=4)},
    )
    network = converted(model, tmp_path / "p", replace(DESIGN, knobs=knobs)).network
    for name, reuse_factor in (("conv", 3), ("hidden", 4), ("score", 1)):
        assert network[name].strategy is Strategy.RESOURCE
        assert network[name].reuse_factor == reuse_factor
        assert (network[name].kernel == conversion.network[name].kernel).all()


PARALLEL = replace(TARGET, io_type=IOType.PARALLEL)


def asks(target=TARGET, *, strategy=Strategy.LATENCY, reuse_factor=1, **layers):
    """Return the design with knobs: ``model=...`` of the whole model, others by layer."""
    model = {"strategy": strategy, "reuse_factor": reuse_factor, **layers.pop("model", {})}
    knobs = Knobs(LayerKnobs(**model), {name: LayerKnobs(**own) for name, own in layers.items()})
    return replace(DESIGN, target=target, knobs=knobs)


def extra(**keys):
    return {"extra": keys}


def types(**roles):
    return {"precision": roles}


RESOURCE = {"strategy": Strategy.RESOURCE}
ADDERS = {"strategy": Strategy.DISTRIBUTED_ARITHMETIC}
REFUSED = {
    "reuse factor of a layer": (
        asks(**RESOURCE, conv={"reuse_factor": 4}),
        r"LayerName.conv.ReuseFactor: ReuseFactor 4 is impossible for layer conv "
        r"\(9 inputs x 4 outputs, Resource\).*Allowed: 1, 3, 9, 18, 36",
    ),
    "reuse factor of the model": (
        asks(**RESOURCE, reuse_factor=5),
        r"Model.ReuseFactor \(layer conv\): ReuseFactor 5 is impossible",
    ),
    "reuse factor of shifts and adds": (
        asks(hidden={**ADDERS, "reuse_factor": 2}),
        "ReuseFactor 2 is impossible for layer hidden .*distributed_arithmetic.*Allowed: 1",
    ),
    "accumulator of shifts and adds": (
        asks(hidden={**ADDERS, **types(accum="ap_fixed<14,6>")}),
        "hidden.Precision.accum: .*has no effect: every sum of distributed_arithmetic is exact",
    ),
    "weight type of shifts and adds": (
        asks(hidden={**ADDERS, **types(weight="ap_fixed<9,3>")}),
        "hidden.Precision.weight: .*keeps no such type of a layer of distributed_arithmetic",
    ),
    "strategy of a pooling, without multipliers": (
        asks(pool=ADDERS),
        "pool.Strategy: Strategy distributed_arithmetic has no effect",
    ),
    "strategy that a backend lacks": (
        asks(replace(TARGET, backend="Catapult"), hidden=ADDERS),
        "LayerName.hidden.Strategy: Catapult has no strategy distributed_arithmetic. Allowed: .*Vi",
    ),
    "reuse factor above the multiplications": (
        asks(score={"reuse_factor": 100}),
        "ReuseFactor 100 is impossible for layer score.*Allowed: 1 to 4",
    ),
    "reuse factor of a layer without multipliers": (
        asks(flat={"reuse_factor": 2}),
        "LayerName.flat.ReuseFactor: ReuseFactor 2 has no effect",
    ),
    "backend": (
        replace(DESIGN, target=replace(TARGET, backend="Vitus")),
        "hls.Backend: hls4ml has no backend 'Vitus'.*Vivado.*did you mean Vitis",
    ),
    "backend whose own tools are missing": (
        replace(DESIGN, target=replace(TARGET, backend="Libero")),
        "conversion: hls4ml refused the model: .*shls",
    ),
    "strategy that a backend changes": (
        replace(DESIGN, target=replace(TARGET, backend="Quartus")),
        r"Model.Strategy \(layer conv\): the design asks for 'Latency', hls4ml used 'resource'",
    ),
    "layer": (
        asks(nothing={"reuse_factor": 1}),
        "LayerName.nothing: hls4ml makes no layer of this name.*Allowed: pixels, conv",
    ),
    "key of a layer": (
        asks(conv=extra(ReuseFaktor=2)),
        "LayerName.conv.ReuseFaktor: unknown key ReuseFaktor.*did you mean ReuseFactor",
    ),
    "key of the model": (
        asks(model=extra(FooBar=1)),
        "Model.FooBar: unknown key FooBar. Allowed: Precision, ReuseFactor",
    ),
    "type of a layer": (
        asks(relu=types(accum="ap_fixed<8,4>")),
        "LayerName.relu.Precision.accum: Precision.accum ap_fixed<8,4> has no effect: Activation "
        "has no such type. Allowed: result",
    ),
    "type of nothing": (
        asks(conv=types(acum="ap_fixed<8,4>")),
        "LayerName.conv.Precision.acum: unknown key acum.*did you mean accum",
    ),
    "table of a relu": (
        asks(relu=types(table="ap_fixed<8,4>")),
        "relu.Precision.table.*has no effect: it looks nothing up in a table",
    ),
    "fused layer": (
        asks(hidden_linear={"reuse_factor": 2}),
        "LayerName.hidden_linear.ReuseFactor: hls4ml fused this layer",
    ),
    "parallelization factor of the model": (
        asks(PARALLEL, model={"parallelization_factor": 7}),
        r"Model.ParallelizationFactor \(layer conv\): ParallelizationFactor 7 is impossible for "
        "layer conv, which makes 8 x 8 positions. Allowed: 1, 2, 4, 8, 16, 32, 64",
    ),
    "parallelization factor of a stream": (
        asks(model={"parallelization_factor": 4}),
        "ParallelizationFactor 4 has no effect: a convolution of io_stream",
    ),
    "conv implementation, unknown": (
        asks(model=extra(ConvImplementation="Nonsense")),
        "ConvImplementation is 'Nonsense'. Allowed: LineBuffer, Encoded",
    ),
    "conv implementation that Vitis lacks": (
        asks(model=extra(ConvImplementation="Encoded")),
        r"Model.ConvImplementation \(layer conv\): .*asks for 'Encoded', hls4ml used 'LineBuffer'",
    ),
    "conv implementation without streams": (
        asks(PARALLEL, conv=extra(ConvImplementation="Encoded")),
        "has no effect: io_parallel knows one implementation",
    ),
    "target cycles": (
        asks(**RESOURCE, hidden=extra(TargetCycles=40)),
        "hidden.TargetCycles: TargetCycles lets hls4ml choose.*set ReuseFactor instead",
    ),
    "table size without a table": (
        asks(model=extra(TableSize=64)),
        "Model.TableSize: TableSize 64 has no effect: it looks nothing up",
    ),
    "strategy of a pooling": (
        asks(pool=RESOURCE),
        "pool.Strategy: Strategy Resource has no effect: it multiplies by no weights",
    ),
    "trace": (asks(conv=extra(Trace=False)), "conv.Trace: Trace is False. Allowed: true.*traced"),
    "trace of the model": (asks(model=extra(Trace=True)), "Model.Trace: unknown key Trace"),
    "skip": (asks(score=extra(Skip=True)), "Skip is True. Allowed: false.*leave the softmax out"),
    "compression": (
        asks(hidden=extra(Compression=True)),
        "hidden.Compression: Compression is True. Allowed: false.*not emulated",
    ),
    "default type that nothing takes": (
        asks(model=types(default="ap_fixed<31,7>")),
        "Model.Precision.default: .*ap_fixed<31,7> has no effect: every type of this model is "
        "inferred",
    ),
    "widest type that nothing reaches": (
        asks(model=types(maximum="ap_fixed<62,61>")),
        "Model.Precision.maximum: .*has no effect: no type that hls4ml infers is so wide",
    ),
    "weight type where quantisers decide": (
        asks(model=types(weight="ap_fixed<9,3>")),
        "Model.Precision.weight: .*has no effect: every layer that has it got it from a quantiser",
    ),
    "weight type against the quantiser": (
        asks(conv=types(weight="ap_fixed<9,3>")),
        "conv.Precision.weight: the design asks for 'ap_fixed<9,3>', hls4ml used 'ap_fixed<6,1",
    ),
    "pipeline style": (
        asks(model=extra(PipelineStyle="pipe")),
        "PipelineStyle is 'pipe'. Allowed: auto, pipeline, dataflow. To do: did you mean pipeline",
    ),
    "pipeline interval of a dataflow": (
        asks(model=extra(PipelineInterval=3)),
        "Model.PipelineInterval: .*has no effect: the pipeline style is dataflow",
    ),
    "weights in block memory": (
        asks(model=extra(BramFactor=10)),
        "Model.BramFactor: weights of more than 10 elements.*Allowed: at least 64",
    ),
    "a limit that no weights reach": (
        asks(model=extra(BramFactor=1000)),
        "BramFactor 1000 has no effect: no weights have more than",
    ),
}


@pytest.mark.parametrize(("design", "message"), REFUSED.values(), ids=REFUSED)
def test_what_hls4ml_would_change_or_ignore_is_an_error_and_leaves_nothing(
    model, tmp_path, design, message
):
    with pytest.raises((DesignError, ConversionError), match=message):
        converted(model, tmp_path / "project", design)
    assert list(tmp_path.iterdir()) == []


def test_a_depthwise_convolution_has_no_shifts_and_adds():
    from trigger.convert.check import check_design

    depthwise = layer("QDepthwiseConv2D", "depthwise", kernel_size=3)
    small = ModelSpec((8, 8, 1), MODEL.input_format, (depthwise,))
    design = replace(asks(**ADDERS), model=small)
    message = r"Model.Strategy \(layer depthwise\): QDepthwiseConv2D has no strategy distributed"
    with pytest.raises(DesignError, match=message):
        check_design(design)


@pytest.mark.parametrize("io_type", IOType)
def test_shifts_and_adds_make_what_multipliers_make(model, tmp_path, io_type):
    """hls4ml infers accumulators that lose nothing, so every layer's numbers are the same."""
    target = replace(TARGET, io_type=io_type)
    adders = converted(model, tmp_path / "adders", asks(target, **ADDERS)).network
    products = converted(model, tmp_path / "products", asks(target)).network
    changed = [
        one.name
        for one, other in zip(adders.layers, products.layers, strict=True)
        if type(one) is not type(other)
    ]
    assert changed == ["conv", "hidden", "last", "score"]
    assert all(isinstance(adders[name], DistributedArithmetic) for name in changed)
    every = tuple(each.name for each in products.layers)
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, 255, (300, 8, 8, 1), endpoint=True)
    ours, theirs = (run(network, pixels, layers=every) for network in (adders, products))
    assert compare(products, theirs, ours, names=("products", "adders")).mismatches == 0


def test_a_precision_that_is_asked_for_is_used(model, tmp_path):
    design = asks(conv=types(accum="ap_fixed<14,6>", result="ap_fixed<12,5,AP_RND>"))
    network = converted(model, tmp_path / "project", design).network
    assert str(network["conv"].accumulator) == "ap_fixed<14,6>"
    assert str(network["conv"].result) == "ap_fixed<12,5,AP_RND>"


def test_a_setting_of_the_model_goes_for_every_layer_that_is_not_told_otherwise(model, tmp_path):
    design = asks(
        PARALLEL,
        model={"parallelization_factor": 4, **types(accum="ap_fixed<20,8>")},
        score=types(accum="ap_fixed<18,8>"),
    )
    network = converted(model, tmp_path / "project", design).network
    accumulators = {name: str(network[name].accumulator) for name in ("conv", "hidden", "score")}
    assert accumulators == {
        "conv": "ap_fixed<20,8>",
        "hidden": "ap_fixed<20,8>",
        "score": "ap_fixed<18,8>",
    }
    assert network["conv"].parallelization_factor == 4


def test_the_settings_of_a_written_project_can_be_pasted(model, conversion, tmp_path):
    import yaml

    from trigger.config.binding import Item
    from trigger.config.hls import read_hls

    path = conversion.folder / "hls4ml_config.yml"
    top = yaml.compose(path.read_text(), Loader=yaml.SafeLoader)
    kept = ("Backend", "Part", "ClockPeriod", "IOType", "HLSConfig")
    top.value = [(key, value) for key, value in top.value if key.value in kept]
    target, knobs = read_hls(Item(top), [each.name for each in MODEL.layers], "pixels")
    layers = dict(knobs.layers)
    del layers["hidden_linear"]  # its type was set to keep the quantiser behind it, then it fused
    assert len(layers) > len(MODEL.layers)
    pasted = replace(DESIGN, target=target, knobs=replace(knobs, layers=layers))
    assert converted(model, tmp_path / "project", pasted).network == conversion.network


def test_hls4mls_own_proposals_may_be_repeated(model, tmp_path):
    """So that the settings of an ``hls4ml_config.yml`` can be pasted."""
    design = asks(
        model={**types(default="ap_fixed<16,6>"), **extra(BramFactor=1_000_000_000)},
        conv={"parallelization_factor": 1, **extra(ConvImplementation="LineBuffer")},
        relu={"reuse_factor": 1, **types(table="ap_fixed<18,8>"), **extra(TableSize=1024)},
        hidden_linear={"reuse_factor": 1, **extra(TableSize=1024)},
    )
    converted(model, tmp_path / "project", design)


def test_a_layer_that_the_emulator_lacks_is_refused_by_name(tmp_path, monkeypatch):
    from trigger import zoo
    from trigger.convert.activations import ACTIVATIONS

    monkeypatch.delitem(ACTIVATIONS, "sigmoid")

    spec = ModelSpec(
        (4,),
        MODEL.input_format,
        (
            layer("QDense", "score", units=3, **WEIGHTS),
            layer("Activation", "probability", activation="sigmoid"),
        ),
    )
    built = zoo.build(spec, seed=1)
    with pytest.raises(UnsupportedLayerError, match="probability"):
        converted(built, tmp_path / "project", replace(DESIGN, model=spec))


def test_a_folder_that_cannot_be_written_is_an_error(model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        converted(model, tmp_path / "file" / "project")
