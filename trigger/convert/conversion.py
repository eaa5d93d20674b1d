"""A trained QKeras model and a design -> an HLS project on disk and its Network."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from trigger.convert.check import check_design
from trigger.convert.configuration import layer_configuration
from trigger.convert.extract import extract
from trigger.convert.keras_version import keras_is_keras_2
from trigger.convert.settings import DEFAULT_PRECISION, check_settings
from trigger.design import Design
from trigger.errors import ConversionError, ToolError, TriggerError
from trigger.files import whole_folder
from trigger.network import Network
from trigger.zoo import build

PROJECT_NAME = "myproject"
"""Top function and file name; hls4ml's default, which every script of the field expects."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a conversion gives: a project on disk, and what its firmware computes."""

    folder: Path
    network: Network
    counterparts: Mapping[str, str]
    """Keras layer whose result is the same number, by firmware layer."""
    hls4ml_version: str
    log: str
    """What hls4ml printed and warned of."""


def convert(model: Any, design: Design, folder: Path) -> Conversion:
    """Write the HLS project of a trained model and return it with its Network.

    Args:
        model: the QKeras model (pruning stripped), as ``zoo.build`` makes it.
        folder: becomes the HLS project; an old one is replaced only when the new one is whole.

    Raises:
        DesignError: an unknown backend, or an impossible reuse or parallelisation factor.
        ConversionError: hls4ml failed, ignored a setting or dropped a quantiser.
        UnsupportedLayerError: a layer that the emulator does not cover.
        OutputError: the folder cannot be written.
        ToolError: hls4ml is not installed.
    """
    check_design(design)
    hls4ml = _hls4ml()
    log = io.StringIO()
    with (
        whole_folder(folder) as work,
        contextlib.redirect_stdout(log),
        warnings.catch_warnings(record=True) as warned,
        keras_is_keras_2(),
    ):
        graph = _graph(hls4ml, model, design, work)
        network = extract(graph)
        for layer in graph.get_layers():
            layer.set_attr("trace", True)
        graph.write()
        _forget_place(work, network.digest[:8])
    said = [log.getvalue(), *(f"{each.category.__name__}: {each.message}" for each in warned)]
    return Conversion(
        folder, network, _counterparts(model, network), str(hls4ml.__version__), "\n".join(said)
    )


def rehearse(design: Design) -> Network:
    """Convert the untrained model and write nothing, to meet every error before the training.

    Weights decide nothing but numbers: what hls4ml refuses, changes or ignores is the same.
    Raises as ``convert``, but for OutputError.
    """
    check_design(design)
    hls4ml = _hls4ml()
    with (
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(record=True),
        keras_is_keras_2(),
    ):
        return extract(_graph(hls4ml, build(design.model, seed=1), design, Path("rehearsal")))


def _forget_place(work: Path, stamp: str) -> None:
    """Let a written project be the same wherever and whenever it was written.

    ``hls4ml_config.yml`` names the folder that it was written in, here a temporary one: it becomes
    relative to the file. The random stamp in the name of hls4ml's library becomes one of the
    network.
    """
    config, library = work / "hls4ml_config.yml", work / "build_lib.sh"
    top: Any = yaml.compose(config.read_text(encoding="utf-8"), yaml.SafeLoader)
    for key, value in top.value:
        if key.value == "Stamp":
            if library.is_file():
                library.write_text(library.read_text().replace(value.value, stamp))
            # a random stamp of digits alone stands in quotes, others do not
            value.value, value.style = stamp, None
        elif isinstance(value, yaml.ScalarNode) and str(work) in value.value:
            value.value, value.style = value.value.replace(str(work), "."), None
    config.write_text(yaml.serialize(top, allow_unicode=True), encoding="utf-8")


def _hls4ml() -> Any:
    try:
        with keras_is_keras_2():
            import hls4ml
    except ImportError as error:
        raise ToolError(
            f"hls4ml cannot be imported: {error}", where="conversion", remedy="run make install"
        ) from error
    return hls4ml


def _graph(hls4ml: Any, model: Any, design: Design, folder: Path) -> Any:
    """Return hls4ml's finished graph after checking that it is what the design asks for."""
    default = design.knobs.model.precision.get("default", DEFAULT_PRECISION)
    base = hls4ml.utils.config_from_keras_model(
        model,
        granularity="name",
        backend=design.target.backend,
        default_precision=default,
        default_reuse_factor=design.knobs.model.reuse_factor or 1,
    )
    configuration = layer_configuration(design, base)
    first = model.layers[0].name
    configuration["LayerName"][first]["Precision"] = {"result": str(design.model.input_format)}
    graph = _build(hls4ml, model, design, configuration, folder)
    merged = _merged_quantisers(model, graph)
    if merged:
        # hls4ml merges a quantised linear activation into a layer whose result type it infers
        # itself, and forgets the quantiser: other numbers come out. A result type that is given
        # (the one it inferred) keeps the activation.
        for parent in merged.values():
            inferred = {layer.name: layer for layer in graph.get_layers()}[parent]
            precision = str(inferred.types["result_t"].precision)
            for name in (parent, f"{parent}_linear"):  # the second is the layer's own activation
                if name in configuration["LayerName"]:
                    configuration["LayerName"][name]["Precision"]["result"] = precision
        graph = _build(hls4ml, model, design, configuration, folder)
        lost = _merged_quantisers(model, graph)
        if lost:
            raise ConversionError(
                "hls4ml dropped the quantiser of " + ", ".join(sorted(lost)),
                where="conversion",
                remedy="put the quantiser into the layer before it",
            )
    check_settings(design, base, graph)
    return graph


def _build(
    hls4ml: Any, model: Any, design: Design, configuration: dict[str, Any], folder: Path
) -> Any:
    try:
        config = hls4ml.utils.config.create_config(
            output_dir=str(folder),
            project_name=PROJECT_NAME,
            backend=design.target.backend,
            part=design.target.part,
            clock_period=design.target.clock_period_ns,
            io_type=design.target.io_type.value,
        )
        config |= {
            "KerasModel": model,
            "HLSConfig": configuration,
            "TraceOutput": True,
            "InputData": None,
            "OutputPredictions": None,
        }
        return hls4ml.converters.keras_v2_to_hls(config)
    except TriggerError:
        raise
    except Exception as error:  # hls4ml raises bare Exception for everything that it refuses
        raise ConversionError(
            f"hls4ml refused the model: {error}",
            where="conversion",
            remedy="see hls4ml's list of supported layers and options",
        ) from error


def _merged_quantisers(model: Any, graph: Any) -> dict[str, str]:
    """Return the quantised activations that the graph lacks, each with the layer before it."""
    present = {layer.name for layer in graph.get_layers()}
    missing = {}
    for before, layer in zip(model.layers, model.layers[1:], strict=False):
        if type(layer).__name__ == "QActivation" and layer.name not in present:
            missing[layer.name] = before.name
    return missing


def _counterparts(model: Any, network: Network) -> Mapping[str, str]:
    """Return the Keras layer of each firmware layer; one with an activation of its own makes two.

    hls4ml names the second ``<layer>_<activation>``: its result is the Keras layer's.
    """
    names = [layer.name for layer in network.layers]
    pairs = {}
    for layer in model.layers:
        own = [name for name in names if name.startswith(f"{layer.name}_")]
        activation = getattr(layer, "activation", None)
        split = [name for name in own if name.split(f"{layer.name}_", 1)[1] in _spelt(activation)]
        if split:
            pairs[split[-1]] = layer.name
        elif layer.name in names:
            pairs[layer.name] = layer.name
    return MappingProxyType(pairs)


def _spelt(activation: Any) -> set[str]:
    return {type(activation).__name__, getattr(activation, "__name__", "")} - {"", "function"}
