"""The input contract: what it refuses, and that it survives being written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.config import load_contract
from trigger.errors import ImageError, TriggerError
from trigger.fixed import FixedFormat
from trigger.images.contract import Encoding
from trigger.images.hit_maps import HitMapContract

PIXEL = FixedFormat.parse("ap_ufixed<8,0>")
GOOD: dict[str, Any] = {
    "encoding": Encoding.PER_HIT,
    "shape": (32, 48),
    "format": PIXEL,
    "scale": 1000,
}


def test_contract_as_plain_words() -> None:
    assert HitMapContract(**GOOD).to_dict() == {
        "encoding": "per_hit",
        "shape": [32, 48],
        "format": "ap_ufixed<8,0>",
        "scale": 1000,
        "half_width_mm": 800,
        "keep_noise": False,
        "stereo_views": False,
    }
    assert HitMapContract(**GOOD).input_shape == (32, 48, 1)
    assert HitMapContract(**GOOD, stereo_views=True).input_shape == (32, 48, 3)


@given(
    st.builds(
        HitMapContract,
        encoding=st.sampled_from([Encoding.TOTAL, Encoding.AVERAGE, Encoding.PER_HIT]),
        shape=st.tuples(st.integers(1, 99), st.integers(1, 99)),
        format=st.builds(
            lambda width, fractional, signed: FixedFormat(width, width - fractional, signed),
            st.integers(2, 32),
            st.integers(0, 16),
            st.booleans(),
        ),
        scale=st.integers(1, 1 << 44),
        half_width_mm=st.integers(1, 2000),
        keep_noise=st.booleans(),
        stereo_views=st.booleans(),
    )
)
def test_contract_survives_json(
    tmp_path_factory: pytest.TempPathFactory, contract: HitMapContract
) -> None:
    path = tmp_path_factory.mktemp("contract") / "input_contract.json"
    path.write_text(json.dumps(contract.to_dict()))
    assert load_contract(path) == contract


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": (0, 48)}, "images of 0 x 48 pixels. Allowed: from 1 to 1,048,576"),
        (
            {"shape": (10**12, 48)},
            "images of 1000000000000 x 48 pixels. Allowed: from 1 to 1,048,576",
        ),
        ({"shape": (32, -1)}, "images of 32 x -1 pixels"),
        ({"shape": (32,)}, r"shape is \[32\]. Allowed: \[rows, columns\]"),
        ({"shape": ()}, r"shape is \[\]. Allowed: one to three lengths"),
        ({"scale": 0}, "scale is 0. Allowed: a whole number of units"),
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
        HitMapContract(**(GOOD | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": 1000.5}, "line 1, scale: 1000.5 stands here. Allowed: a whole number"),
        ({"scale": None}, "the scale is missing. Allowed: a whole number, 1 or more"),
        ({"keep_noise": 1}, "keep_noise: 1 stands here. Allowed: true or false"),
        ({"shape": [True, 2]}, r"shape\[0\]: True stands here. Allowed: a whole number"),
        ({"encoding": "sum"}, "encoding: 'sum' is unknown. Allowed: binary, total, average"),
        ({"format": "float"}, "cannot read the type 'float'"),
        ({"colour": 1}, "unknown key colour. Allowed: encoding, shape, format, scale"),
    ],
)
def test_what_is_read_is_checked(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = tmp_path / "input_contract.json"
    path.write_text(json.dumps(HitMapContract(**GOOD).to_dict() | changes))
    with pytest.raises(TriggerError, match=message):
        load_contract(path)


@pytest.mark.parametrize("key", ["encoding", "shape", "format"])
def test_no_key_without_a_default_may_be_missing(tmp_path: Path, key: str) -> None:
    plain = HitMapContract(**GOOD).to_dict()
    del plain[key]
    path = tmp_path / "input_contract.json"
    path.write_text(json.dumps(plain))
    with pytest.raises(TriggerError, match=f"the key {key} is missing"):
        load_contract(path)
