"""What is asked before the training: nothing is trained in vain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.builders import small_cnn
from tests.conftest import TINY
from trigger.cli.show import ConsoleListener
from trigger.config import load_design
from trigger.errors import ConversionError, ModelError, ToolError
from trigger.events.hit_batch import HitBatch
from trigger.flow.check import check_conversion, check_parts
from trigger.flow.samples import Images
from trigger.flow.steps import Flow
from trigger.flow.workspace import Workspace
from trigger.training import Sample, Split


@pytest.fixture
def design(tmp_path):
    def load(old: str = "", new: str = ""):
        path = tmp_path / "tiny.yaml"
        path.write_text(TINY.replace(old, new))
        return load_design(path)

    return load


def images_of(file, test: list[int]) -> Images:
    """Return 8 images, of the classes 0 and 1 by turns, with the given test part."""
    labels = np.arange(8) % 2
    contract = replace(file.input, scale=1)
    parts = Split(np.arange(0, 4), np.arange(4, 6), np.array(test))
    sample = Sample(np.zeros((8, 12, 12, 1), np.int64), labels)
    return Images(contract, sample, parts, HitBatch.concatenate([]))


def test_a_test_part_without_a_class_is_named(design):
    file = design()
    check_parts(file, images_of(file, [6, 7]))
    with pytest.raises(ModelError, match=r"training.split: the test part has 1 events and none of"):
        check_parts(file, images_of(file, [6]))


def test_a_run_without_a_compiler_ends_before_its_first_event(design, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    flow = Flow(design(), tmp_path / "out" / "tiny", ConsoleListener())
    with pytest.raises(ToolError, match=r"'g\+\+' is not installed"):
        flow.report  # noqa: B018
    assert list((tmp_path / "out").rglob("*")) == [tmp_path / "out" / "tiny"]


@pytest.mark.training
def test_a_setting_that_hls4ml_ignores_is_found_before_the_training(design, tmp_path):
    file = design("Model: {", "LayerName: {pool: {Strategy: Resource}}, Model: {")
    workspace = Workspace(tmp_path / "out")
    with pytest.raises(ConversionError, match=r"pool.Strategy: .*has no effect"):
        check_conversion(file, workspace)
    assert not workspace.folder.exists()


@pytest.mark.training
def test_a_design_is_converted_once_to_see_whether_it_can_be(design, tmp_path, monkeypatch):
    import trigger.convert

    rehearsed = []

    def rehearse(design):
        rehearsed.append(design)
        return small_cnn()

    monkeypatch.setattr(trigger.convert, "rehearse", rehearse)
    workspace = Workspace(tmp_path / "out")
    file = design()
    check_conversion(file, workspace)
    check_conversion(replace(file, seed=5), workspace)
    assert rehearsed == [file.design]
    check_conversion(design("ReuseFactor: 1", "ReuseFactor: 2"), workspace)
    assert len(rehearsed) == 2
    workspace.rehearsal.write_bytes(b"\xff")  # damaged: asked again
    check_conversion(file, workspace)
    assert len(rehearsed) == 3


@pytest.mark.training
def test_what_the_vendors_front_end_refuses_is_said_before_the_training(design, tmp_path):
    score = "    - QDense: {name: score"
    wide = "    - QDense: {name: wide, units: 200, kernel_quantizer: *w, bias_quantizer: *w}\n"
    file = design(score, wide + score)
    vivado = replace(file.design, target=replace(file.design.target, backend="Vivado"))
    (danger,) = check_conversion(replace(file, design=vivado), Workspace(tmp_path / "out"))
    assert danger.layer == "wide"
    assert danger.value == 5 * 5 * 2 * 200
    assert danger.change == "Strategy: Resource, ReuseFactor: 5"
