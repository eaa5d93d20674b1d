"""What a design has to beat is measured on the same events and by the same estimate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trigger.flow.baselines import measure_rivals
from trigger.flow.steps import Flow


@pytest.mark.slow
@pytest.mark.training
def test_the_design_is_held_against_hls4ml_s_own_conversions(tiny_run):
    from trigger.cli.show import ConsoleListener
    from trigger.config import load_design
    from trigger.errors import DesignError
    from trigger.report import read_json

    file = load_design(tiny_run.design)
    with Flow(file, tiny_run.folder, ConsoleListener()) as flow:
        rivals = {rival.name: rival for rival in measure_rivals(flow, (6, 10))}
        report = read_json(flow.workspace.report)
    assert list(rivals) == [
        "float model",
        "hls4ml default, ap_fixed<16,6>",
        "hls4ml auto",
        "float model in ap_fixed<10,5>",
        "float model in ap_fixed<6,3>",
        "this design",
        "this design, solved",
    ]
    engines = {engine.engine: engine.auc.value for engine in report.physics.engines}
    assert rivals["this design"].auc.value == engines["emulated"]
    assert rivals["this design, solved"].auc.value == engines["emulated"]
    assert rivals["float model"].auc.value == engines["float"]
    assert rivals["float model"].luts is None
    default = rivals["hls4ml default, ap_fixed<16,6>"]
    assert default.cost.total.dsp.value > 0 == rivals["this design"].cost.total.dsp.value
    assert default.luts == default.cost.total.lut.value + 55 * default.cost.total.dsp.value
    assert default.luts > rivals["float model in ap_fixed<6,3>"].luts
    assert rivals["this design, solved"].luts <= rivals["this design"].luts

    with Flow(file, tiny_run.folder, ConsoleListener()) as flow:
        flow.file = replace(file, task=object())
        with pytest.raises(DesignError, match=r"baselines are compared by AUC.*classes of events"):
            measure_rivals(flow)
