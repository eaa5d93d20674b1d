"""What is studied of a network alone, and what a report says where something is left out."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import small_cnn
from tests.report.example import build_example
from trigger.design import IOType, Target
from trigger.flow.studies import OTHER_TASK, study_network

NETWORK = small_cnn()
TARGET = Target("Vitis", "xcvu13p-flga2577-2-e", 3.125, IOType.STREAM)


def test_a_network_without_events_has_proofs_but_no_observation():
    found = study_network(NETWORK, TARGET)
    assert {row.observed_events for row in found.ranges} == {None}
    assert found.device.slrs == 4
    capacities = {row.resource.value: row for row in found.device.capacities}
    assert capacities["lut"].device == 4 * capacities["lut"].one_slr
    assert found.calibration.rows
    assert (found.comparisons, found.robustness) == ((), None)


def test_a_target_that_is_not_known_leaves_out_what_rests_on_it():
    found = study_network(NETWORK, None)
    assert (found.calibration, found.device) == (None, None)
    other = replace(TARGET, part="no_such_part")
    assert study_network(NETWORK, other).device is None


def test_what_is_left_out_is_a_note():
    found = replace(study_network(NETWORK, TARGET), left_out=OTHER_TASK)
    report = found.added_to(build_example())
    assert report.notes[-1].text == OTHER_TASK
    assert study_network(NETWORK, TARGET).added_to(build_example()).notes == build_example().notes
