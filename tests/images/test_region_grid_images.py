"""Region grids as images: counts as they come, turned and mirrored crossings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger.errors import ImageError
from trigger.events.region_grids import RegionBatch, read
from trigger.fixed import FixedFormat
from trigger.images import Encoding, encode, fit
from trigger.images.region_grids import RegionContract

SAMPLE = next(read(Path(__file__).parents[1] / "data" / "region_grids" / "ttbar.npz"))


def contract(pixel: str = "ap_ufixed<10,10>", scale: int | None = 1) -> RegionContract:
    return RegionContract(Encoding.REGION_GRID, (18, 14), FixedFormat.parse(pixel), scale)


def test_ten_bits_as_they_come() -> None:
    asked = fit(contract(scale=None), SAMPLE)
    assert asked.scale == 1
    pixels = encode(SAMPLE, asked)
    assert pixels.shape == (200, 18, 14, 1)
    assert pixels.dtype == np.uint16
    assert np.array_equal(pixels[..., 0], SAMPLE.et)
    assert encode(SAMPLE.between(0, 0), asked).shape == (0, 18, 14, 1)


@given(st.integers(2, 12), st.integers(0, 10), st.integers(1, 2000))
def test_pixels_are_the_definition(width: int, fractional: int, scale: int) -> None:
    pixel = FixedFormat(width, width - fractional, signed=False)
    asked = RegionContract(Encoding.REGION_GRID, (18, 14), pixel, scale)
    wanted = [min(pixel.raw_max, (int(et) << fractional) // scale) for et in SAMPLE.et[0].flat]
    assert encode(SAMPLE.between(0, 1), asked).ravel().tolist() == wanted


@given(st.integers(0, 17), st.booleans(), st.booleans())
def test_turned_crossings_are_turned_images(turn: int, phi: bool, eta: bool) -> None:
    def moved(grids: np.ndarray) -> np.ndarray:
        grids = np.roll(grids, turn, axis=1)
        return grids[:, :: -1 if phi else 1, :: -1 if eta else 1]

    asked = contract("ap_ufixed<8,8>", 2)
    assert np.array_equal(
        encode(RegionBatch(moved(SAMPLE.et)), asked), moved(encode(SAMPLE, asked))
    )


def test_another_shape_is_refused() -> None:
    with pytest.raises(ImageError, match=r"shape is \[14, 18\]. Allowed: \[18, 14\]"):
        RegionContract(Encoding.REGION_GRID, (14, 18), FixedFormat.parse("ap_ufixed<10,10>"))
