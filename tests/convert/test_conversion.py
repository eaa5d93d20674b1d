"""Conversion: what hls4ml makes is what the design asked for, and what Keras computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trigger.design import Design, IOType, Knobs, LayerKnobs, LayerSpec, ModelSpec, Strategy, Target
from trigger.emulate import compare, in_steps, run
from trigger.errors import ConversionError, DesignError, OutputError, UnsupportedLayerError
from trigger.fixed import FixedFormat

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


def test_the_project_is_whole_and_names_its_own_folder(conversion):
    assert (conversion.folder / "firmware" / "myproject.cpp").is_file()
    assert str(conversion.folder) in (conversion.folder / "hls4ml_config.yml").read_text()
    assert [path.name for path in conversion.folder.parent.iterdir()] == ["project"]


def test_equal_models_give_equal_networks(model, conversion, tmp_path):
    design = replace(DESIGN, target=replace(TARGET, io_type=conversion.network["pool"].io_type))
    assert converted(model, tmp_path / "again", design).network == conversion.network


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


def with_knobs(*, model=DESIGN.knobs.model, **layers):
    return replace(DESIGN, knobs=Knobs(model, layers))


REFUSED = [
    (
        with_knobs(
            model=LayerKnobs(strategy=Strategy.RESOURCE, reuse_factor=1),
            conv=LayerKnobs(reuse_factor=4),
        ),
        DesignError,
        r"LayerName.conv.ReuseFactor: ReuseFactor 4 is impossible for layer conv "
        r"\(9 inputs x 4 outputs, Resource\).*Allowed: 1, 3, 9, 18, 36",
    ),
    (
        with_knobs(model=LayerKnobs(strategy=Strategy.RESOURCE, reuse_factor=5)),
        DesignError,
        r"Model \(layer conv\): ReuseFactor 5 is impossible",
    ),
    (
        with_knobs(score=LayerKnobs(reuse_factor=100)),
        DesignError,
        "ReuseFactor 100 is impossible for layer score.*Allowed: 1 to 4",
    ),
    (
        replace(DESIGN, target=replace(TARGET, backend="Vitus")),
        DesignError,
        "hls.Backend: hls4ml has no backend 'Vitus'.*vivado",
    ),
    (
        with_knobs(nothing=LayerKnobs(reuse_factor=1)),
        DesignError,
        "LayerName.nothing: hls4ml makes no layer of this name.*Allowed: pixels, conv",
    ),
    (
        with_knobs(conv=LayerKnobs(extra={"ReuseFaktor": 2})),
        ConversionError,
        "LayerName.conv.ReuseFaktor: hls4ml ignored the setting 2",
    ),
    (
        with_knobs(relu=LayerKnobs(precision={"accum": "ap_fixed<8,4>"})),
        ConversionError,
        "LayerName.relu.Precision.accum: hls4ml ignored the setting",
    ),
    (
        with_knobs(hidden_linear=LayerKnobs(reuse_factor=1)),
        ConversionError,
        "LayerName.hidden_linear.ReuseFactor: hls4ml fused this layer",
    ),
]


@pytest.mark.parametrize(("design", "error", "message"), REFUSED)
def test_what_hls4ml_would_change_or_ignore_is_an_error_and_leaves_nothing(
    model, tmp_path, design, error, message
):
    with pytest.raises(error, match=message):
        converted(model, tmp_path / "project", design)
    assert list(tmp_path.iterdir()) == []


def test_a_precision_that_is_asked_for_is_used(model, tmp_path):
    design = with_knobs(
        conv=LayerKnobs(precision={"accum": "ap_fixed<14,6>", "result": "ap_fixed<12,5,AP_RND>"})
    )
    network = converted(model, tmp_path / "project", design).network
    assert str(network["conv"].accumulator) == "ap_fixed<14,6>"
    assert str(network["conv"].result) == "ap_fixed<12,5,AP_RND>"


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
