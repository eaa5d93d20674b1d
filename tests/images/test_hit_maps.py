"""The four encodings: exact pixels of one event, exact arithmetic, separation of the classes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger.errors import ImageError
from trigger.events.batch_file import read_npz
from trigger.events.hit_batch import HitBatch
from trigger.events.wires import LAYER_OF_WIRE, LAYERS, MIDPOINT_UM, wire_index
from trigger.fixed import FixedFormat
from trigger.images import fit, hit_maps
from trigger.images.contract import Encoding
from trigger.images.hit_maps import (
    PIXEL_VALUES,
    SCALE_QUANTILE,
    HitMapContract,
    encode,
    fit_scale,
)

DATA = Path(__file__).parents[1] / "data" / "drift_chamber"
PIXEL = FixedFormat.parse("ap_ufixed<8,0>")
HIT_MAPS = [Encoding.BINARY, Encoding.TOTAL, Encoding.AVERAGE, Encoding.PER_HIT]

# 4 x 4 pixels of 400 mm. Wires of layer 42 (R 763 mm) at azimuths 0.95 deg + 1.25 deg each, of
# layer 0 near the centre; three signal hits in two pixels, one noise hit.
#   wire 0 of layer 42: x 763, y 13 -> row 1, column 3      charge 300
#   wire 1 of layer 42: x 763, y 29 -> row 1, column 3      charge 100 (the same pixel)
#   wire 10 of layer 0: x 15, y 74  -> row 1, column 2      charge 601
#   wire 144 of layer 42: x -763, y -13 -> row 2, column 0  charge 4000, noise
EVENT = HitBatch(
    np.array([0]),
    np.array([500]),
    np.array([0, 4]),
    np.array([42, 42, 0, 42]),
    np.array([0, 1, 10, 144]),
    np.array([1000, 1000, 1000, 1000]),
    np.array([300, 100, 601, 4000]),
    np.array([0, 0, 3, -1]),
)
NO_HITS = EVENT.between(0, 0)
EMPTY_EVENT = HitBatch(
    *(np.zeros(n, np.int64) for n in (1, 1, 2, 0, 0, 0, 0, 0))  # type: ignore[arg-type]
)


def contract(encoding: Encoding, scale: int, **changes: object) -> HitMapContract:
    scale = 1 if encoding is Encoding.BINARY else scale
    fields = {"shape": (4, 4), "format": PIXEL} | changes
    return HitMapContract(encoding=encoding, scale=scale, **fields)  # type: ignore[arg-type]


def image(**pixels: int) -> list[list[int]]:
    rows = [[0] * 4 for _ in range(4)]
    for place, value in pixels.items():
        rows[int(place[1])][int(place[3])] = value
    return rows


@pytest.mark.parametrize(
    ("encoding", "scale", "expected"),
    [
        # 1.0 is one step above what ap_ufixed<8,0> holds
        (Encoding.BINARY, 1, image(r1c3=255, r1c2=255)),
        # S = 1001; floor(1001 * 256 / 2000) = 128
        (Encoding.TOTAL, 2000, image(r1c3=128, r1c2=128)),
        # S / H = 1001 / 3; floor(1001 * 256 / 3 / 1000) = 85
        (Encoding.AVERAGE, 1000, image(r1c3=85, r1c2=85)),
        # floor(1001 * 256 / 3 / 340) = 251; from a mean cut to 333 it would be 250
        (Encoding.AVERAGE, 340, image(r1c3=251, r1c2=251)),
        # the larger charge of the shared pixel: floor(300 * 256 / 1000) = 76, floor(601 ...) = 153
        (Encoding.PER_HIT, 1000, image(r1c3=76, r1c2=153)),
        # 601 / 500 is above 1: saturates
        (Encoding.PER_HIT, 500, image(r1c3=153, r1c2=255)),
    ],
)
def test_exact_pixels(encoding: Encoding, scale: int, expected: list[list[int]]) -> None:
    pixels = encode(EVENT, contract(encoding, scale))
    assert pixels.shape == (1, 4, 4, 1)
    assert pixels.dtype == np.uint8
    assert pixels[0, :, :, 0].tolist() == expected


@pytest.mark.parametrize(
    ("encoding", "scale", "expected"),
    [
        (Encoding.BINARY, 1, image(r1c3=255, r1c2=255, r2c0=255)),
        (Encoding.TOTAL, 10000, image(r1c3=128, r1c2=128, r2c0=128)),  # S = 5001
        (Encoding.AVERAGE, 2000, image(r1c3=160, r1c2=160, r2c0=160)),  # 5001 / 4
        (Encoding.PER_HIT, 8000, image(r1c3=9, r1c2=19, r2c0=128)),
    ],
)
def test_noise_is_drawn_and_counted_on_request(
    encoding: Encoding, scale: int, expected: list[list[int]]
) -> None:
    pixels = encode(EVENT, contract(encoding, scale, keep_noise=True))
    assert pixels[0, :, :, 0].tolist() == expected


def test_mean_is_not_rounded_before_it_is_scaled() -> None:
    """S / H = 1001 / 3 with 16 fractional bits: 21867.2 steps of 2^-16 at scale 1000; a mean cut
    to 333 would give 21823."""
    fine = contract(Encoding.AVERAGE, 1000, format=FixedFormat.parse("ap_ufixed<16,0>"))
    assert encode(EVENT, fine).max() == 1001 * 65536 // 3000 == 21867


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ap_ufixed<1,1>", 1), ("ap_ufixed<2,1>", 2), ("ap_fixed<8,1>", 127), ("ap_ufixed<8,0>", 255)],
)
def test_one_in_several_formats(text: str, expected: int) -> None:
    pixels = encode(EVENT, contract(Encoding.BINARY, 1, format=FixedFormat.parse(text)))
    assert pixels.max() == expected


def test_hits_outside_the_window_are_counted_but_not_drawn() -> None:
    inner = encode(EVENT, contract(Encoding.TOTAL, 2000, half_width_mm=100))
    assert inner.sum() == 128  # S is still 1001
    assert np.argwhere(inner[0, :, :, 0]).tolist() == [[0, 2]]  # y 74 of -100..100


@pytest.mark.parametrize("encoding", HIT_MAPS)
def test_events_without_hits_are_dark(encoding: Encoding) -> None:
    pixels = encode(
        HitBatch.concatenate([EMPTY_EVENT, EVENT, EMPTY_EVENT]), contract(encoding, 1000)
    )
    assert pixels[[0, 2]].sum() == 0
    assert pixels[1].sum() > 0
    assert encode(NO_HITS, contract(encoding, 1000)).shape == (0, 4, 4, 1)


def test_every_encoding_has_an_encoder_and_a_quantile() -> None:
    assert set(PIXEL_VALUES) == set(HIT_MAPS) == set(SCALE_QUANTILE)


def slow_image(batch: HitBatch, contract: HitMapContract) -> np.ndarray:
    """One event in the words of the definition: fractions and loops."""
    hits = [
        (int(w), int(c))
        for w, c, t in zip(
            wire_index(batch.layer, batch.wire), batch.charge_adc, batch.track, strict=True
        )
        if contract.keep_noise or t >= 0
    ]
    total, number = sum(c for _, c in hits), len(hits)
    pixels = np.zeros(contract.input_shape, np.int64)
    half = Fraction(contract.half_width_mm)
    for wire, charge in hits:
        x, y = (Fraction(int(um), 1000) for um in MIDPOINT_UM[wire])
        value = {
            Encoding.BINARY: Fraction(1),
            Encoding.TOTAL: Fraction(total),
            Encoding.AVERAGE: Fraction(total, number),
            Encoding.PER_HIT: Fraction(charge),
        }[contract.encoding]
        raw = min(contract.format.raw_max, value / contract.scale // contract.format.step)
        rows, columns = contract.shape
        row = (half - y) / (2 * half) * rows // 1
        column = (x + half) / (2 * half) * columns // 1
        view = 0
        if contract.stereo_views:  # axial, twisted forwards, twisted backwards
            twist = LAYERS[LAYER_OF_WIRE[wire]].twist_cells
            view = 0 if twist == 0 else 1 if twist > 0 else 2
        if 0 <= row < rows and 0 <= column < columns:
            pixels[row, column, view] = max(pixels[row, column, view], raw)
    return pixels


SAMPLE = HitBatch.concatenate(
    read_npz(DATA / f"{name}.npz", HitBatch).between(0, 100) for name in ("ee", "cont")
)


@settings(max_examples=60, deadline=None)
@given(
    event=st.integers(0, 199),
    encoding=st.sampled_from(HIT_MAPS),
    rows=st.integers(1, 64),
    columns=st.integers(1, 64),
    width=st.integers(2, 16),
    fractional=st.integers(0, 16),
    scale=st.integers(1, 10**6),
    half_width_mm=st.integers(50, 1000),
    keep_noise=st.booleans(),
    stereo_views=st.booleans(),
)
def test_pixels_are_the_definition(
    event: int,
    encoding: Encoding,
    rows: int,
    columns: int,
    width: int,
    fractional: int,
    scale: int,
    **fields: int,
) -> None:
    pixel = FixedFormat(width, width - fractional, signed=False)
    scale = 1 if encoding is Encoding.BINARY else scale
    shape = (rows, columns)
    asked = HitMapContract(encoding, shape, pixel, scale, **fields)  # type: ignore[arg-type]
    one = SAMPLE.between(event, event + 1)
    assert np.array_equal(encode(one, asked)[0], slow_image(one, asked))


@pytest.mark.parametrize("encoding", HIT_MAPS)
def test_views_together_are_the_image(encoding: Encoding) -> None:
    asked = contract(encoding, 1000, shape=(24, 24))
    views = encode(SAMPLE, replace(asked, stereo_views=True))
    assert views.shape == (200, 24, 24, 3)
    assert views.any(axis=(0, 1, 2)).all()
    assert np.array_equal(views.max(axis=-1, keepdims=True), encode(SAMPLE, asked))


@given(st.lists(st.integers(0, 200), max_size=3), st.sampled_from(HIT_MAPS))
def test_images_do_not_depend_on_the_batch(cuts: list[int], encoding: Encoding) -> None:
    asked = contract(encoding, 1000)
    edges = [0, *sorted(cuts), 200]
    parts = [encode(SAMPLE.between(a, b), asked) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(parts), encode(SAMPLE, asked))


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = contract(Encoding.AVERAGE, 1000)
    whole = encode(SAMPLE, asked)
    monkeypatch.setattr(hit_maps, "_BLOCK_EVENTS", 7)
    assert np.array_equal(encode(SAMPLE, asked), whole)


def unfitted(encoding: Encoding, **changes: object) -> HitMapContract:
    return replace(contract(encoding, 1), scale=None, **changes)  # type: ignore[arg-type]


def test_scale_is_a_quantile_of_the_pixel_values() -> None:
    assert fit_scale(EVENT, unfitted(Encoding.BINARY)) == 1
    assert fit_scale(EVENT, unfitted(Encoding.TOTAL)) == 1001
    assert fit_scale(EVENT, unfitted(Encoding.AVERAGE)) == 334  # 333.67 rounded up
    assert fit_scale(EVENT, unfitted(Encoding.PER_HIT), quantile=1.0) == 601
    assert fit_scale(EVENT, unfitted(Encoding.PER_HIT), quantile=2 / 3) == 300
    assert fit_scale(EVENT, unfitted(Encoding.PER_HIT), quantile=0.01) == 100
    assert fit_scale(EVENT, unfitted(Encoding.TOTAL, keep_noise=True)) == 5001
    two = HitBatch.concatenate([EMPTY_EVENT, EVENT])
    assert fit_scale(two, unfitted(Encoding.TOTAL), quantile=0.5) == 1001


def test_a_scale_that_is_given_is_kept() -> None:
    assert fit(contract(Encoding.TOTAL, 77), EVENT) == contract(Encoding.TOTAL, 77)
    assert fit(unfitted(Encoding.TOTAL), EVENT) == contract(Encoding.TOTAL, 1001)
    with pytest.raises(ImageError, match="the scale is not known"):
        encode(EVENT, unfitted(Encoding.TOTAL))


@pytest.mark.parametrize("encoding", [Encoding.TOTAL, Encoding.AVERAGE, Encoding.PER_HIT])
def test_scale_keeps_its_share_below_one_and_ignores_an_outlier(encoding: Encoding) -> None:
    scale = fit_scale(SAMPLE, unfitted(encoding))
    charge = SAMPLE.charge_adc.copy()
    charge[np.argmax(SAMPLE.track >= 0)] = 2**31 - 1
    outlier = HitBatch(
        SAMPLE.event_numbers, SAMPLE.t0, SAMPLE.offsets, SAMPLE.layer, SAMPLE.wire,
        SAMPLE.time_ticks, charge, SAMPLE.track,
    )  # fmt: skip
    assert fit_scale(outlier, unfitted(encoding)) == pytest.approx(scale, rel=0.1)
    if encoding is Encoding.PER_HIT:
        signal = SAMPLE.charge_adc[SAMPLE.track >= 0]
        share = SCALE_QUANTILE[encoding]
        assert (signal <= scale).mean() >= share > (signal < scale).mean()


@pytest.mark.parametrize("batch", [NO_HITS, EMPTY_EVENT])
def test_no_scale_without_hits(batch: HitBatch) -> None:
    with pytest.raises(ImageError, match="no event has a hit to draw"):
        fit_scale(batch, unfitted(Encoding.PER_HIT))


@pytest.mark.parametrize("quantile", [0.0, 1.1])
def test_quantile_is_a_share(quantile: float) -> None:
    with pytest.raises(ImageError, match=r"quantile is .* Allowed: \(0, 1\]"):
        fit_scale(EVENT, unfitted(Encoding.TOTAL), quantile=quantile)


def auc(signal: np.ndarray, background: np.ndarray) -> float:
    """Share of pairs in the right order, ties half."""
    difference = signal[:, None] - background[None, :]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


@pytest.mark.parametrize(
    ("encoding", "pair", "low", "high"),
    [
        (Encoding.BINARY, ("ee", "mm"), 0.44, 0.58),
        (Encoding.TOTAL, ("ee", "mm"), 0.52, 0.68),
        (Encoding.AVERAGE, ("ee", "mm"), 0.62, 0.78),
        (Encoding.PER_HIT, ("ee", "mm"), 0.80, 0.93),
        (Encoding.BINARY, ("ee", "cont"), 0.55, 0.75),
        (Encoding.TOTAL, ("ee", "cont"), 0.74, 0.88),
        (Encoding.AVERAGE, ("ee", "cont"), 0.91, 0.98),
        (Encoding.PER_HIT, ("ee", "cont"), 0.93, 1.0),
    ],
)
def test_mean_lit_pixel_separates_the_classes_as_the_encoding_promises(
    encoding: Encoding, pair: tuple[str, str], low: float, high: float
) -> None:
    """On the frozen sample (250 events a class: AUC to about 0.025). For binary images the number
    of lit pixels is taken."""
    first, second = (read_npz(DATA / f"{name}.npz", HitBatch) for name in pair)
    both = HitBatch.concatenate([first, second])
    asked = fit(unfitted(encoding, shape=(48, 48)), both)
    scores = []
    for batch in (first, second):
        pixels = encode(batch, asked).reshape(len(batch), -1)
        lit = (pixels > 0).sum(axis=1)
        scores.append(lit if encoding is Encoding.BINARY else pixels.sum(axis=1) / lit)
    assert low < auc(*scores) < high
