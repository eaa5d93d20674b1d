"""The input contract: what it refuses, and that it survives being written down."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.errors import ImageError
from trigger.fixed import FixedFormat
from trigger.images.contract import Encoding, InputContract

PIXEL = FixedFormat.parse("ap_ufixed<8,0>")
GOOD: dict[str, Any] = {
    "encoding": Encoding.PER_HIT,
    "rows": 32,
    "columns": 48,
    "format": PIXEL,
    "scale": 1000,
}


def test_contract_as_plain_words() -> None:
    assert InputContract(**GOOD).to_dict() == {
        "encoding": "per_hit",
        "rows": 32,
        "columns": 48,
        "format": "ap_ufixed<8,0>",
        "scale": 1000,
        "half_width_mm": 800,
        "keep_noise": False,
    }
    assert InputContract(**GOOD).image_shape == (32, 48, 1)


@given(
    st.builds(
        InputContract,
        encoding=st.sampled_from([Encoding.TOTAL, Encoding.AVERAGE, Encoding.PER_HIT]),
        rows=st.integers(1, 99),
        columns=st.integers(1, 99),
        format=st.builds(
            lambda width, fractional, signed: FixedFormat(width, width - fractional, signed),
            st.integers(2, 32),
            st.integers(0, 16),
            st.booleans(),
        ),
        scale=st.integers(1, 1 << 44),
        half_width_mm=st.integers(1, 2000),
        keep_noise=st.booleans(),
    )
)
def test_contract_survives_json(contract: InputContract) -> None:
    assert InputContract.from_dict(json.loads(json.dumps(contract.to_dict()))) == contract


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": 0}, "images of 0 x 48 pixels. Allowed: from 1 to 1,048,576"),
        ({"rows": 10**12}, "images of 1000000000000 x 48 pixels. Allowed: from 1 to 1,048,576"),
        ({"columns": -1}, "images of 32 x -1 pixels"),
        ({"scale": 0}, "scale is 0. Allowed: a whole number of ADC counts"),
        ({"scale": 1 << 45}, "scale is 35184372088832"),
        ({"encoding": Encoding.BINARY}, "scale is 1000 for binary images. Allowed: 1"),
        ({"half_width_mm": 0}, "half_width_mm is 0"),
        ({"format": FixedFormat.parse("ap_ufixed<8,9>")}, "ap_ufixed<8,9> cannot hold a pixel"),
        ({"format": FixedFormat.parse("ap_ufixed<8,-9>")}, "0..16 fractional bits"),
        ({"format": FixedFormat.parse("ap_fixed<1,1>")}, "room for one step above 0"),
        ({"format": FixedFormat.parse("ap_ufixed<40,30>")}, "at most 32 bits"),
    ],
)
def test_contracts_that_make_no_image(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ImageError, match=message):
        InputContract(**(GOOD | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": 1000.0}, "model.json: scale is 1000.0. Allowed: a int"),
        ({"keep_noise": 1}, "keep_noise is 1. Allowed: a bool"),
        ({"rows": True}, "rows is True. Allowed: a int"),
        ({"encoding": "sum"}, "'sum' is not a valid Encoding. Allowed: encoding binary, total"),
        ({"format": "float"}, "cannot read the type 'float'"),
        (
            {"colour": 1},
            "the keys are colour, columns, .* Allowed: encoding, rows, columns, format",
        ),
    ],
)
def test_what_is_read_is_checked(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ImageError, match=message):
        InputContract.from_dict(InputContract(**GOOD).to_dict() | changes, "model.json")


def test_no_key_may_be_missing() -> None:
    plain = InputContract(**GOOD).to_dict()
    del plain["scale"]
    with pytest.raises(ImageError, match=r"Allowed: .*scale"):
        InputContract.from_dict(plain)
