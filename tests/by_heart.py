"""A firmware for physics objects that is known by heart, as a folder of a compiled design."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.builders import WIDE, dense, pixels_in
from trigger.fixed import FixedFormat
from trigger.layers import Reshape
from trigger.network import Network

DESIGN = """
name: by_heart
events: {source: cms_objects, classes: [w, tt, dy], generate: {events_per_class: 10}}
input: {encoding: object_set, shape: [7, 7], format: "ap_fixed<11,2>", scale: 512}
model:
  layers:
    - Flatten: {name: flat}
    - QDense: {name: score, units: 3, kernel_quantizer: "quantized_bits(6, 0, alpha=1)",
               bias_quantizer: "quantized_bits(6, 0, alpha=1)"}
hls: {Backend: Vitis, Part: xcvu13p-flga2577-2-e, ClockPeriod: 5, IOType: io_parallel}
"""
SECOND_MUON_PT = 7
"""Place of log2(pT) of the second muon in the table."""


def write_by_heart(where: Path) -> Path:
    """Write a compiled design: dy if the second muon has 20.5 GeV or more, else w."""
    kernel, bias = np.zeros((49, 3), int), np.array([8, -31, 0])
    kernel[SECOND_MUON_PT, 2] = 16
    form = FixedFormat.parse("ap_fixed<11,2>")
    network = Network(
        (
            pixels_in((7, 7), form),
            Reshape(name="flat", inputs=("pixels",), result=form, dimensions=(49,)),
            dense("score", "flat", kernel, bias, result=WIDE),
        ),
        ("score",),
    )
    home = where / "by_heart"
    home.mkdir()
    (home / "design.yaml").write_text(DESIGN)
    (home / "input_contract.json").write_text(
        '{"encoding": "object_set", "shape": [7, 7], "format": "ap_fixed<11,2>", "scale": 512}'
    )
    network.save(home / "network.json")
    return home
