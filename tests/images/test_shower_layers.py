"""Shower images: exact pixels, the logarithmic code, mirrored showers, sums, faults."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger.errors import ImageError
from trigger.events.showers import ShowerBatch, ShowerOptions, generate_chunk
from trigger.events.showers_calorimeter import LAYERS
from trigger.fixed import FixedFormat
from trigger.images import ENCODERS, Encoding, encode, fit, shower_layers
from trigger.images.logarithm import code_table
from trigger.images.shower_layers import ShowerContract

CELLS, PLANES = Encoding.SHOWER_CELLS, Encoding.SHOWER_PLANES


def contract(encoding: Encoding = CELLS, pixel: str = "ap_ufixed<16,16>", **more: Any) -> Any:
    strips = more.get("summed_strips", 1)
    shape = (12, 12, 3) if encoding is PLANES else (288 // strips + 216,)
    fields = {"shape": shape, "scale": 1, "step_mev": 10} | more
    return ShowerContract(encoding=encoding, format=FixedFormat.parse(pixel), **fields)


def shower(**cells: dict[tuple[int, int], float]) -> ShowerBatch:
    """One shower with these cells, in MeV."""
    arrays = [np.zeros((1, *layer.shape), np.float32) for layer in LAYERS]
    for name, values in cells.items():
        for place, energy in values.items():
            arrays[int(name[-1])][0][place] = energy
    return ShowerBatch(arrays[0], arrays[1], arrays[2], np.zeros((1, 3)), np.ones(1))


@cache
def sample() -> ShowerBatch:
    return ShowerBatch.concatenate(
        generate_chunk(name, 0, 5, ShowerOptions()).between(0, 60)
        for name in ("eplus", "gamma", "piplus")
    )


def test_exact_cells() -> None:
    """Counts of 10 MeV, rounded down: 99.99 MeV is 9. Order: strips, middle, back, row by row."""
    batch = shower(
        layer_0={(0, 0): 99.99, (2, 95): 100.0}, layer_1={(0, 1): 25}, layer_2={(11, 5): 9.9}
    )
    pixels = encode(batch, contract())
    assert pixels.shape == (1, 504)
    assert pixels.dtype == np.uint16
    lit = {int(place): int(pixels[0, place]) for place in np.flatnonzero(pixels[0])}
    assert lit == {0: 9, 287: 10, 289: 2}


def test_counts_do_not_round_up() -> None:
    """The largest float32 below 30 MeV is 2 counts of 10 MeV: its quotient, in float32, would be 3.
    Seen with each step up to 50 MeV."""
    for step in range(1, 51):
        below = float(np.nextafter(np.float32(3 * step), np.float32(0)))
        pixels = encode(shower(layer_1={(0, 0): below}), contract(step_mev=step))
        assert pixels[0, 288] == 2


def test_exact_planes() -> None:
    """Eight strips make a pixel, which stands in the four rows that its strips cover; a cell of the
    back layer covers two columns."""
    batch = shower(layer_0={(1, 8): 19, (1, 15): 31}, layer_1={(3, 4): 50}, layer_2={(7, 2): 120})
    pixels = encode(batch, contract(PLANES))[0]
    assert pixels.shape == (12, 12, 3)
    lit = {tuple(map(int, place)): int(pixels[tuple(place)]) for place in np.argwhere(pixels)}
    front = {(row, 1, 0): 4 for row in range(4, 8)}  # 1 + 3, not 50 / 10
    assert lit == front | {(3, 4, 1): 5} | {(7, column, 2): 12 for column in (4, 5)}


def test_digitiser_and_format_saturate() -> None:
    batch = shower(layer_0={(0, 0): 1e5, (0, 1): 1e5}, layer_1={(0, 0): 5000})
    full = encode(batch, contract(count_bits=9, summed_strips=2))
    assert full[0, 0] == 511  # 2 x 511, cut again
    assert full[0, 144] == 500
    assert encode(batch, contract(pixel="ap_ufixed<6,6>")).max() == 63


@pytest.mark.parametrize(
    ("counts", "code"),
    # 3 bits behind the leading one: 8 = 1000b is 8, 9 is 9, 16 = 10000b and 17 are 16, 18 is 17
    [
        (0, 0),
        (7, 7),
        (8, 8),
        (15, 15),
        (16, 16),
        (17, 16),
        (18, 17),
        (31, 23),
        (32, 24),
        (16383, 95),
    ],
)
def test_logarithmic_code(counts: int, code: int) -> None:
    asked = contract(mantissa_bits=3, count_bits=14)
    assert encode(shower(layer_1={(0, 0): 10 * counts}), asked)[0, 288] == code


@given(bits=st.integers(1, 16), mantissa=st.integers(0, 15))
def test_code_never_falls_and_keeps_its_precision(bits: int, mantissa: int) -> None:
    """Codes rise by 0 or 1 from count to count, and counts of one code differ by less than 2^-m."""
    mantissa = min(mantissa, bits - 1)
    codes = code_table(bits, mantissa)
    assert set(np.diff(codes).tolist()) <= {0, 1}
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    last = np.append(first[1:], len(codes)) - 1
    assert np.all((last - first) * 2**mantissa < np.maximum(first, 1))


@given(
    encoding=st.sampled_from([CELLS, PLANES]),
    mantissa=st.none() | st.integers(0, 6),
    step=st.integers(1, 200),
    scale=st.integers(1, 3000),
    fractional=st.integers(0, 8),
)
@settings(max_examples=25, deadline=None)
def test_pixels_are_the_definition(
    encoding: Encoding, mantissa: int | None, step: int, scale: int, fractional: int
) -> None:
    """Cell by cell in Python integers."""
    asked = contract(
        encoding,
        f"ap_ufixed<8,{8 - fractional}>",
        mantissa_bits=mantissa,
        step_mev=step,
        scale=scale,
        count_bits=12,
    )
    one = sample().between(130, 131)
    pixels = encode(one, asked)[0]

    def pixel(counts: list[float]) -> int:
        value = min(sum(min(int(energy / step), 4095) for energy in counts), 4095)
        if mantissa is not None and value >= 1 << mantissa:
            shift = value.bit_length() - 1 - mantissa
            value = ((shift + 1) << mantissa) + ((value >> shift) & ((1 << mantissa) - 1))
        return min(255, (value << fractional) // scale)

    strips, middle, back = (layer[0].tolist() for layer in (one.layer_0, one.layer_1, one.layer_2))
    if encoding is CELLS:
        wanted = [pixel([e]) for layer in (strips, middle, back) for row in layer for e in row]
        assert pixels.tolist() == wanted
        return
    for row in range(12):
        for column in range(12):
            eight = strips[row // 4][8 * column : 8 * column + 8]
            cells = [eight, [middle[row][column]], [back[row][column // 2]]]
            assert pixels[row, column].tolist() == [pixel(cell) for cell in cells]


@pytest.mark.parametrize("mantissa", [None, 3])
def test_mirrored_showers_are_mirrored_images(mantissa: int | None) -> None:
    for axis in (1, 2):
        columns = sample().columns()
        mirrored = ShowerBatch(
            **columns | {f"layer_{n}": np.flip(columns[f"layer_{n}"], axis) for n in range(3)}
        )
        asked = contract(PLANES, mantissa_bits=mantissa)
        assert np.array_equal(encode(mirrored, asked), np.flip(encode(sample(), asked), axis))


def test_summed_strips_make_shorter_vectors() -> None:
    for strips in (1, 2, 3, 4, 8, 96):
        asked = contract(summed_strips=strips, step_mev=1)
        pixels = encode(sample(), asked)
        assert pixels.shape == (180, 288 // strips + 216)
        fine = encode(sample(), contract(step_mev=1))
        sums = fine[:, :288].astype(int).reshape(180, -1, strips).sum(axis=2)
        assert np.array_equal(pixels[:, :-216], np.minimum(sums, 16383))
        assert np.array_equal(pixels[:, -216:], fine[:, 288:])


def test_images_do_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = encode(sample(), contract(PLANES))
    parts = [encode(sample().between(a, b), contract(PLANES)) for a, b in ((0, 7), (7, 180))]
    assert np.array_equal(np.concatenate(parts), whole)
    monkeypatch.setattr(shower_layers, "_BLOCK_EVENTS", 13)
    assert np.array_equal(encode(sample(), contract(PLANES)), whole)


def test_scale() -> None:
    """Linear: few events saturate. Logarithmic: the power of two above a full digitiser."""
    linear = fit(contract(CELLS, "ap_ufixed<8,0>", scale=None), sample())
    highest = encode(
        sample(), replace(linear, format=FixedFormat.parse("ap_ufixed<20,20>"), scale=1)
    )
    assert np.mean(highest.max(axis=1) <= linear.fitted_scale) == pytest.approx(0.99, abs=0.006)
    for bits, scale in ((14, 128), (10, 64), (4, 16)):
        asked = contract(mantissa_bits=3, count_bits=bits, scale=None)
        assert fit(asked, sample()).scale == scale > asked.highest_value >= scale // 2
    with pytest.raises(ImageError, match="no cell has a count"):
        fit(contract(scale=None), shower())
    with pytest.raises(ImageError, match="no cell has a count"):
        fit(contract(scale=None), sample().between(0, 0))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"shape": (500,)}, r"shape is \[500\]. Allowed: \[504\]"),
        ({"encoding": PLANES, "shape": (12, 12)}, r"Allowed: \[12, 12, 3\]"),
        ({"summed_strips": 8, "shape": (504,)}, r"Allowed: \[252\]"),
        ({"summed_strips": 5}, "summed_strips is 5.*a divisor of 96"),
        ({"encoding": PLANES, "summed_strips": 8}, "summed_strips is 8. Allowed: 1 for"),
        ({"step_mev": 0}, "step_mev is 0"),
        ({"count_bits": 21}, "count_bits is 21. Allowed: 1 to 20"),
        ({"mantissa_bits": 14}, "mantissa_bits is 14. Allowed: 0 to 13"),
    ],
)
def test_contracts_that_cannot_be(fields: dict[str, Any], problem: str) -> None:
    plain = {"encoding": CELLS, "shape": (504,), "format": FixedFormat.parse("ap_ufixed<8,0>")}
    if fields.get("encoding") is PLANES:
        plain["shape"] = (12, 12, 3)
    with pytest.raises(ImageError, match=problem):
        ShowerContract(**plain | fields)


def test_both_encodings_are_in_the_table() -> None:
    assert ENCODERS[CELLS] is ENCODERS[PLANES] is shower_layers.ENCODER
