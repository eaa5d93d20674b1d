"""The record of a search over training knobs, as it is kept beside the designs that it found."""

from __future__ import annotations

import pytest

from trigger.budget import Figure, Source
from trigger.errors import ReportError
from trigger.report.front import (
    Against,
    Chosen,
    Found,
    Front,
    Objective,
    Tried,
    read_front,
    write_front,
)

FOUND = Found(Figure(0.91, Source.MEASURED, 0.9, 0.92, 0.95), 12_300.0, 480.0, 1.0)
FRONT = Front(
    "tiny",
    Objective.AUC,
    Against.COST,
    FOUND,
    (
        Tried(0, (Chosen("conv.bits", 6), Chosen("sparsity", 50)), FOUND, "", True, "a.yaml"),
        Tried(1, (Chosen("conv.bits", 2), Chosen("sparsity", 95)), None, "too costly"),
    ),
)


def test_what_is_written_is_read_back(tmp_path):
    assert read_front(tmp_path) is None
    write_front(FRONT, tmp_path)
    assert read_front(tmp_path) == FRONT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read.*trigger explore"),
        ("[]", "the schema is None.*Allowed: trigger-front-1"),
        ('{"schema": "trigger-front-1"}', "missing key 'design'"),
    ],
)
def test_a_damaged_record_is_named(tmp_path, text, message):
    (tmp_path / "front.json").write_text(text)
    with pytest.raises(ReportError, match=rf"front.json.*{message}"):
        read_front(tmp_path)
