"""Designs that say in what they differ from another: what comes out, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import TINY
from trigger.config import load_design
from trigger.errors import DesignError, TriggerError
from trigger.images import Encoding


@pytest.fixture
def change(tmp_path: Path):
    """Load a design that changes the tiny one."""
    (tmp_path / "tiny.yaml").write_text(TINY)

    def load(text: str):
        path = tmp_path / "other.yaml"
        path.write_text(f"base: tiny.yaml\nname: other\n{text}")
        return load_design(path)

    return load


def test_what_is_not_changed_is_that_of_the_base(change, tmp_path):
    base, other = load_design(tmp_path / "tiny.yaml"), change("seed: 5\n")
    assert (other.name, other.seed, other.training.seed) == ("other", 5, 5)
    assert other.design.model == base.design.model
    assert (other.input, other.budget, other.trigger) == (base.input, base.budget, base.trigger)


def test_blocks_are_changed_key_by_key_and_layers_by_name(change, tmp_path):
    other = change(
        "input: {encoding: binary, format: 'ap_ufixed<1,1>'}\n"
        "events: {generate: {events_per_class: 50}}\n"
        "model: {layers: {score: {units: 2}, conv: {filters: 3}}}\n"
    )
    assert other.input.encoding is Encoding.BINARY
    assert other.input.shape == (12, 12)
    assert other.events.generate.events_per_class == 50
    assert other.events.generate.event_files
    layers = {layer.name: layer.options for layer in other.design.model.layers}
    assert list(layers) == ["conv", "relu", "pool", "flat", "score"]
    assert layers["score"]["units"] == 2
    assert (layers["conv"]["filters"], layers["conv"]["kernel_size"]) == (3, 3)
    untouched = load_design(tmp_path / "tiny.yaml").design.model.layers
    assert untouched[0].options["filters"] == 2


def test_a_list_takes_the_place_of_a_list_and_nothing_takes_a_section_away(change):
    other = change("events: {classes: [mm, cont]}\ntrigger:\nbudget: {device: }\n")
    assert other.events.classes == ("mm", "cont")
    assert other.trigger is None
    assert other.budget.device == {}
    assert other.budget.latency_ns == 6400


def test_the_text_of_the_whole_is_the_same_design_without_its_base(change, tmp_path):
    other = change("model: {layers: {conv: {filters: 3}}}\ntraining: {pruning: }\n")
    alone = tmp_path / "elsewhere" / "design.yaml"
    alone.parent.mkdir()
    alone.write_text(other.text)
    again = load_design(alone)
    assert "base:" not in other.text
    assert again.design == other.design
    assert (again.training, again.events, again.sha256) == (
        other.training,
        other.events,
        other.sha256,
    )


def test_a_base_may_have_a_base_and_files_lie_beside_the_design_that_names_them(tmp_path):
    below = tmp_path / "below"
    below.mkdir()
    generate = "generate: {events_per_class: 300, event_files: true}"
    (below / "first.yaml").write_text(TINY.replace(generate, "files: {mm: [m.dat], ee: [e.dat]}"))
    (tmp_path / "second.yaml").write_text(
        "base: below/first.yaml\nname: second\nevents: {files: {ee: [new.dat]}}\n"
    )
    (tmp_path / "third.yaml").write_text("base: second.yaml\nname: third\nseed: 9\n")
    third = load_design(tmp_path / "third.yaml")
    assert third.events.files == {
        "mm": (str(below / "m.dat"),),
        "ee": (str(tmp_path / "new.dat"),),
    }
    assert third.seed == 9


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("trainig: {epochs: 2}\n", r"other.yaml, line 3, trainig: unknown key trainig"),
        ("training: {epochs: 0}\n", r"other.yaml, line 3, training: .*epochs is 0"),
        ("input: {encoding: total, shape: 5}\n", r"other.yaml, line 3, input.shape: .*a list"),
        (
            "model: {layers: {dense: {units: 2}}}\n",
            r"other.yaml, line 3, model.layers.dense: the base has no layer dense.*"
            r"conv, relu, pool, flat, score",
        ),
        ("model: {layers: {conv: 3}}\n", r"other.yaml, line 3.*'3' stands here"),
        (
            "events: {classes: {mm: 1}}\n",
            r"line 3, events.classes: a block stands where the base has a list",
        ),
        ("input: {half_width_mm: 0}\n", r"other.yaml, line 3, input: .*half_width_mm is 0"),
    ],
)
def test_a_wrong_change_is_named_where_it_stands(change, text, match):
    with pytest.raises(TriggerError, match=match):
        change(text)


def test_what_is_wrong_in_the_base_is_named_there(tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY.replace("epochs: 2", "epochs: two"))
    (tmp_path / "other.yaml").write_text("base: tiny.yaml\nname: other\n")
    with pytest.raises(DesignError, match=r"tiny.yaml, line 19, training.epochs: .two'"):
        load_design(tmp_path / "other.yaml")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("base: missing.yaml\nname: other\n", "missing.yaml: cannot read the design file"),
        ("base: other.yaml\nname: other\n", "line 1, base: other.yaml is its own base"),
        ("base: tiny.yaml\n", "the key name is missing"),
        ("base: [tiny.yaml]\nname: other\n", "line 1, base: no text stands here"),
    ],
)
def test_a_base_that_cannot_be_one_is_refused(tmp_path, text, match):
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "other.yaml").write_text(text)
    with pytest.raises(DesignError, match=match):
        load_design(tmp_path / "other.yaml")
