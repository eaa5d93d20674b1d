"""The record of a search over firmware settings, as it is kept beside the design that it found."""

from __future__ import annotations

import json

import pytest

from tests.report.example_alternatives import build_solved
from trigger.errors import ReportError
from trigger.report.solved import place_of, read_solved, to_json, write_solved


def test_what_is_written_is_read_back(tmp_path):
    path = place_of(tmp_path, "tiny")
    assert read_solved(path) is None
    write_solved(build_solved(), path)
    assert read_solved(path) == build_solved()


WHOLE = to_json(build_solved())
OLD = {key: value for key, value in WHOLE.items() if key != "schema"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "this is not JSON.*trigger search"),
        ("[" * 100_000, "this is not JSON.*trigger search"),
        (json.dumps(WHOLE)[:-200], "this is not JSON.*trigger search"),
        (json.dumps(OLD), "the schema is None.*Allowed: trigger-solved-1.*trigger search"),
        ('{"schema": "trigger-front-1"}', "'trigger-front-1'.*Allowed: trigger-solved-1"),
        (json.dumps({**WHOLE, "front": 3}), r"solved.front: 3 is int"),
        (json.dumps({**WHOLE, "best": {}}), r"solved.best: missing key 'bram_18k'"),
    ],
    ids=["empty", "deep", "truncated", "without schema", "another record", "wrong type", "no keys"],
)
def test_a_damaged_record_is_named(tmp_path, text, message):
    path = tmp_path / "tiny_solved.json"
    path.write_text(text)
    with pytest.raises(ReportError, match=rf"tiny_solved.json.*{message}"):
        read_solved(path)
