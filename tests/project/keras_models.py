"""Models of plain Keras through hls4ml: a folder, the graph's Network, and how to compare them."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from trigger import emulate
from trigger.convert.extract import extract
from trigger.convert.keras_version import keras_is_keras_2
from trigger.network import Network
from trigger.project import build, choose_vectors, read_project, run


def write_firmware(
    model: Any,
    folder: Path,
    *,
    io_type: str,
    backend: str = "Vitis",
    pixels: str = "ap_fixed<9,4>",
    settings: dict[str, dict[str, Any]] | None = None,
    default_precision: str = "ap_fixed<16,6>",
    default_settings: dict[str, Any] | None = None,
) -> Network:
    """Write the HLS project of a Keras model; return what hls4ml's graph says of it.

    Args:
        settings: keys of hls4ml's ``LayerName`` by layer; ``Precision`` entries are merged.
    """
    with (
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
        keras_is_keras_2(),
    ):
        warnings.simplefilter("ignore")
        import hls4ml

        config = hls4ml.utils.config_from_keras_model(
            model, granularity="name", backend=backend, default_precision=default_precision
        )
        config["Model"] |= default_settings or {}
        for layer in model.inputs:
            config["LayerName"][layer.name.split(":")[0]]["Precision"] = {"result": pixels}
        for name, extra in (settings or {}).items():
            own = config["LayerName"][name]
            precision = own.get("Precision", {}) | extra.get("Precision", {})
            own |= {**extra, "Precision": precision}
        whole = hls4ml.utils.config.create_config(
            output_dir=str(folder), project_name="myproject", backend=backend, io_type=io_type
        )
        whole |= {"KerasModel": model, "HLSConfig": config, "InputData": None}
        whole["OutputPredictions"] = None
        graph = hls4ml.converters.keras_v2_to_hls(whole)
        network = extract(graph)
        for layer in graph.get_layers():
            layer.set_attr("trace", True)
        graph.write()
    return network


def write_layers(
    layers: list[dict[str, Any]],
    folder: Path,
    *,
    backend: str = "Vitis",
    pixels: str = "ap_fixed<9,4>",
    settings: dict[str, dict[str, Any]] | None = None,
) -> Network:
    """Write the HLS project of layers as hls4ml's front ends hand them over, inputs first.

    For layers that come from other front ends than that of Keras 2.
    """
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), keras_is_keras_2():
        warnings.simplefilter("ignore")
        import hls4ml

        inputs = [each["name"] for each in layers if each["class_name"] == "InputLayer"]
        names = {name: {"Precision": {"result": pixels}} for name in inputs} | (settings or {})
        config = hls4ml.utils.config.create_config(
            output_dir=str(folder), project_name="myproject", backend=backend
        )
        model = {"Precision": "ap_fixed<16,6>", "ReuseFactor": 1}
        config["HLSConfig"] = {"Model": model, "LayerName": names}
        graph = hls4ml.model.ModelGraph.from_layer_list(config, layers, inputs)
        network = extract(graph)
        for layer in graph.get_layers():
            layer.set_attr("trace", True)
        graph.write()
    return network


def assert_firmware_agrees(network: Network, folder: Path, events: int = 200) -> Network:
    """Compare both readers, and every layer with the C simulation; return the network read."""
    read = read_project(folder)
    assert str(read) == str(network)
    assert read == network
    simulation = build(folder, folder.parent / "build")
    vectors = choose_vectors(network, random=events)
    layers = tuple(layer.name for layer in network.layers if layer.name in simulation.layers)
    copies = {name for name in simulation.layers if re.search(r"_cpy\d$", name)}
    assert set(simulation.layers) - copies <= set(layers)
    ours = emulate.run(network, *vectors.pixels, layers=layers)
    theirs = run(simulation, *vectors.pixels, layers=layers, shapes=network.shapes)
    agreement = emulate.compare(network, ours, theirs, names=("reference", "csim"))
    assert agreement.first is None, str(agreement.first)
    reaches = network.reaches()
    for name, raw in ours.items():  # what happens lies within what can happen
        assert np.all((raw >= reaches[name].low) & (raw <= reaches[name].high)), name
    return read
