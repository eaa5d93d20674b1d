"""Jet images and constituent sets: exact pixels, and what must not change them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trigger.errors import ImageError
from trigger.events.jet_batch import MOST_CONSTITUENTS, JetBatch
from trigger.fixed import FixedFormat
from trigger.images import Encoding, encode, fit
from trigger.images.constituent_sets import ConstituentSetContract
from trigger.images.jet_frame import (
    ANGLE_STEP,
    POSITION_BITS,
    PT_STEP_GEV,
    TURN,
    JetAxis,
    digitise,
    in_frame,
)
from trigger.images.jet_images import SCALE_BITS, JetImageContract, Norm

AXES = pytest.mark.parametrize("axis", JetAxis, ids=lambda axis: axis.value)
TURNED = pytest.mark.parametrize(
    "axis", [JetAxis.PRINCIPAL, JetAxis.SUBJET], ids=lambda axis: axis.value
)


def jet(*constituents: tuple[int, int, int]) -> JetBatch:
    """One jet of (pT, eta, phi) in steps, each in the middle of its step."""
    pt, eta, phi = np.array(constituents, dtype=np.float64).T
    pt = (pt + 0.5) * PT_STEP_GEV
    eta, phi = eta * ANGLE_STEP, phi * ANGLE_STEP
    rows = np.stack([pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], 1)
    padded = np.zeros((1, MOST_CONSTITUENTS, 4))
    padded[0, : len(rows)] = rows[np.argsort(-pt, kind="stable")]
    return JetBatch(padded.astype(np.float32), np.zeros((1, 4), np.float32))


def image(shape: tuple[int, int] = (16, 16), pixel: str = "ap_ufixed<8,0>", **more: Any) -> Any:
    fields = {"scale": 1 << SCALE_BITS, "norm": Norm.L1} | more
    return JetImageContract(Encoding.JET_IMAGE, shape, FixedFormat.parse(pixel), **fields)


def rows_of(constituents: int = 4, pixel: str = "ap_fixed<12,1>", **more: Any) -> Any:
    fields = {"scale": 1 << SCALE_BITS} | more
    return ConstituentSetContract(
        Encoding.CONSTITUENTS, (constituents, 3), FixedFormat.parse(pixel), **fields
    )


jets = st.lists(
    st.tuples(st.integers(1, 2000), st.integers(-150, 150), st.integers(-150, 150)),
    min_size=1,
    max_size=12,
    unique_by=lambda constituent: constituent[0],  # equals would have no order
)


@given(constituents=jets, turn=st.integers(-TURN, TURN), boost=st.integers(-300, 300))
@settings(max_examples=30, deadline=None)
def test_digits_are_the_steps(constituents: Any, turn: int, boost: int) -> None:
    """Exactly, whatever the azimuth; positions run from the hardest constituent."""
    moved = [(pt, eta + boost, phi + turn) for pt, eta, phi in constituents]
    seen = digitise(jet(*moved))
    ordered = sorted(constituents, reverse=True)
    _, first_eta, first_phi = ordered[0]
    assert seen.pt[0].tolist() == [pt for pt, _, _ in ordered]
    assert seen.x[0].tolist() == [eta - first_eta for _, eta, _ in ordered]
    assert seen.y[0].tolist() == [phi - first_phi for _, _, phi in ordered]


def test_what_is_below_a_step_is_not_there() -> None:
    seen = digitise(jet((100, 0, 0), (0, 40, 40)))
    assert (seen.pt[0].tolist(), seen.x[0].tolist(), seen.y[0].tolist()) == (
        [100, 0],
        [0, 0],
        [0, 0],
    )
    assert not encode(jet((0, 3, 3)), image()).any()


@AXES
@given(constituents=jets, turn=st.integers(-TURN, TURN), boost=st.integers(-300, 300))
@settings(max_examples=30, deadline=None)
def test_azimuth_and_boost_do_not_matter(
    axis: JetAxis, constituents: Any, turn: int, boost: int
) -> None:
    """A jet elsewhere around the beam, or boosted along it, gives the same numbers."""
    here = jet(*constituents)
    there = jet(*((pt, eta + boost, phi + turn) for pt, eta, phi in constituents))
    for contract in (image(axis=axis), rows_of(axis=axis)):
        assert np.array_equal(encode(here, contract), encode(there, contract))


@TURNED
@given(constituents=jets)
@settings(max_examples=30, deadline=None)
def test_mirrors_and_quarter_turns_do_not_matter(axis: JetAxis, constituents: Any) -> None:
    """A jet mirrored in eta or phi, or turned by 90 degrees, gives the same numbers, unless both of
    its halves are equally hard or no axis is the longest one."""
    here = jet(*constituents)
    pt, x, y = in_frame(here, axis)
    assume((pt * np.sign(x)).sum() != 0)
    if axis is JetAxis.PRINCIPAL:
        assume((pt * np.sign(y)).sum() != 0)
        _, wide, high = (part.astype(float) for part in in_frame(here, JetAxis.NONE))
        assume((pt * (wide**2 - high**2)).sum() != 0 or (pt * wide * high).sum() != 0)
    changes = {
        "eta": lambda eta, phi: (-eta, phi),
        "phi": lambda eta, phi: (eta, -phi),
        "quarter": lambda eta, phi: (-phi, eta),
    }
    for change in changes.values():
        there = jet(*((pt, *change(eta, phi)) for pt, eta, phi in constituents))
        for contract in (image(axis=axis), rows_of(axis=axis)):
            assert np.array_equal(encode(here, contract), encode(there, contract))


@pytest.mark.parametrize("axis", [JetAxis.NONE, JetAxis.PRINCIPAL], ids=lambda axis: axis.value)
@given(constituents=jets.filter(lambda jet: len(jet) > 1), data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_split_constituent_gives_the_same_image(
    axis: JetAxis, constituents: Any, data: st.DataObject
) -> None:
    """Collinear safety, of digits: any constituent but the first as two at one place."""
    ordered = sorted(constituents, reverse=True)
    which = data.draw(st.integers(1, len(ordered) - 1))
    pt, eta, phi = ordered[which]
    first = data.draw(st.integers(0, pt))
    parts = [*ordered[:which], *ordered[which + 1 :], (first, eta, phi), (pt - first, eta, phi)]
    assert np.array_equal(
        encode(jet(*ordered), image(axis=axis)), encode(jet(*parts), image(axis=axis))
    )


def test_rows_in_a_stream_are_those_of_the_image() -> None:
    batch = jet((400, 0, 0), (300, 40, -20), (200, -60, 10))
    stream = image((8, 4), stream_rows=True)
    assert stream.input_shape == (8, 4)
    assert np.array_equal(encode(batch, stream), encode(batch, image((8, 4)))[..., 0])


@pytest.mark.parametrize("norm", [Norm.L1, Norm.L2], ids=lambda norm: norm.value)
def test_a_norm_takes_the_momentum_out(norm: Norm) -> None:
    """All momenta three times as large: the same image, which has the norm 1."""
    constituents = [(400, 0, 0), (300, 40, -20), (200, -60, 10)]
    small, large = jet(*constituents), jet(*((3 * pt, eta, phi) for pt, eta, phi in constituents))
    contract = image(norm=norm, pixel="ap_ufixed<16,0>")
    seen = encode(small, contract)
    again = encode(large, contract)
    if norm is Norm.L1:
        assert np.array_equal(seen, again)
    else:  # the root is rounded down to a step: 538 and 1,615
        assert again == pytest.approx(seen.astype(float), rel=0.002)
    values = seen[seen > 0] / 2**16
    assert sum(values**2 if norm is Norm.L2 else values) == pytest.approx(1, abs=3e-3)


def test_exact_image_with_no_turn() -> None:
    """Centre at the mean; row 0 is the highest phi, column 0 the lowest eta; what is outside of
    1.6 x 1.6 (366 steps) is not drawn."""
    contract = image((4, 4), "ap_ufixed<8,8>", axis=JetAxis.NONE, norm=Norm.NONE, scale=2)
    batch = jet((301, -100, 0), (300, 99, 0), (11, -1, 150), (7, 0, -170), (5, 0, -1000))
    # the mean is at eta -0.7 and phi 4.3 (the last one is at phi 440)
    seen = encode(batch, contract)[0, :, :, 0]
    assert seen[2].tolist() == [150, 0, 0, 150]
    assert seen[0].tolist() == [0, 5, 0, 0]
    assert seen[3].tolist() == [0, 0, 3, 0]
    assert seen.sum() == 308


def test_exact_image_along_the_principal_axis() -> None:
    """Three constituents on a diagonal: upright after the turn, the hardest end on top, right half
    harder (or equal: as it is)."""
    batch = jet((300, 60, 60), (200, -60, -60), (100, -60, -60))
    pt, x, y = in_frame(batch, JetAxis.PRINCIPAL)
    step = 1 << POSITION_BITS
    assert (pt[0] * x[0]).sum() == 0
    assert np.abs(x[0] / step).max() < 0.05
    assert y[0] / step == pytest.approx(np.array([60, -60, -60]) * np.sqrt(2), abs=0.05)


def test_exact_image_of_subjets() -> None:
    """The hardest subjet in the middle, the second one straight below, the rest on the right."""
    batch = jet((300, 10, 5), (100, 14, 9), (150, 110, 5), (60, 10, -90))
    pt, x, y = in_frame(batch, JetAxis.SUBJET)
    step = 1 << POSITION_BITS
    for position in (x, y):
        assert (pt * position)[0, [0, 2]].sum() / 400 / step == pytest.approx(0, abs=0.1)
    leading = np.array([(300 * 10 + 100 * 14) / 400, (300 * 5 + 100 * 9) / 400])
    distance = np.hypot(*(np.array([110, 5]) - leading))
    assert pt[0].tolist() == [300, 150, 100, 60]
    assert (x[0, 1] / step, y[0, 1] / step) == pytest.approx((0, -distance), abs=0.1)
    assert x[0, 3] > 0
    near = np.hypot(x[0, [0, 2]] / step, y[0, [0, 2]] / step)
    wanted = [np.hypot(*(np.array(place) - leading)) for place in ((10, 5), (14, 9))]
    assert near == pytest.approx(np.array(wanted), abs=0.1)


def test_exact_rows() -> None:
    """Share of pT and angles in 1/256 of 256 steps; a jet of three fills three rows of four."""
    batch = jet((600, 0, 0), (300, 30, 0), (100, -90, 40))
    seen = encode(batch, rows_of(4, "ap_fixed<9,1>"))
    assert seen.shape == (1, 4, 3)
    assert seen.dtype == np.int16
    centre = [0, 4]  # the mean of the three, in steps
    assert seen[0, :, 0].tolist() == [153, 76, 25, 0]
    assert seen[0, :, 1].tolist() == [0 - centre[0], 30 - centre[0], -90 - centre[0], 0]
    assert seen[0, :, 2].tolist() == [0 - centre[1], 0 - centre[1], 40 - centre[1], 0]
    finer = encode(batch, rows_of(2, "ap_fixed<12,1>", norm=Norm.NONE, scale=1000))
    assert finer[0, :, 0].tolist() == [600 * 2048 // 1000, 300 * 2048 // 1000]
    assert finer[0, :, 1].tolist() == [0, 240]


def test_rows_of_logarithmic_codes() -> None:
    """600 = 1.00101..b * 2^9: the third row of eight from 2^3 on is 7 x 8, and one behind it."""
    contract = rows_of(3, "ap_fixed<10,3>", norm=Norm.NONE, mantissa_bits=3, scale=None)
    batch = jet((600, 0, 0), (300, 30, 0), (5, -90, 40))
    fitted = fit(contract, batch)
    assert fitted.scale == 128
    assert encode(batch, fitted)[0, :, 0].tolist() == [57, 49, 5]


def test_rows_keep_within_the_format() -> None:
    batch = jet((100, 0, 0), (99, 400, -400))
    seen = encode(batch, rows_of(2, "ap_fixed<8,0>", scale=1, norm=Norm.NONE))
    assert seen.dtype == np.int8
    assert seen[0].tolist() == [[127, -128, 127], [127, 127, -128]]


@pytest.mark.parametrize("make", [image, rows_of], ids=["image", "rows"])
@pytest.mark.parametrize("norm", [Norm.L1, Norm.NONE], ids=lambda norm: norm.value)
def test_the_scale_is_that_of_the_data(make: Any, norm: Norm) -> None:
    batch = JetBatch.concatenate([jet((100, 0, 0), (50, 99, 0), (k, 0, 99)) for k in range(1, 40)])
    contract = fit(make(scale=None, norm=norm), batch)
    total = 156 if make is image else 151  # five of 117 may be above in images, none in rows
    assert contract.scale == (100 if norm is Norm.NONE else -(-6553600 // total))
    with pytest.raises(ImageError, match="no jet has a constituent to draw"):
        fit(make(scale=None), JetBatch.concatenate([]))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: image((16,)), r"shape is \[16\].*\[rows, columns\]"),
        (lambda: image(width=0.0), "width is 0"),
        (lambda: image(width=float("nan")), "width is nan"),
        (lambda: rows_of(201), r"shape is \[201, 3\]"),
        (lambda: rows_of(4, "ap_ufixed<8,0>"), "a signed one, for angles"),
        (lambda: rows_of(angle_bits=11), "angle_bits is 11"),
        (lambda: rows_of(norm=Norm.L2), "norm is l2. Allowed: l1 or none"),
        (lambda: rows_of(norm=Norm.L1, mantissa_bits=3), "norm is l1.*none of a logarithmic code"),
        (lambda: rows_of(norm=Norm.NONE, mantissa_bits=16), "mantissa_bits is 16"),
    ],
)
def test_contracts_that_make_no_input(make: Any, told: str) -> None:
    with pytest.raises(ImageError, match=told):
        make()


def test_events_do_not_depend_on_their_neighbours() -> None:
    """Blocks, and jets of other sizes in them, change nothing."""
    pytest.importorskip("h5py")
    from trigger.events.top_jets_hdf5 import read

    sample = Path(__file__).parents[1] / "data" / "top_jets" / "sample.h5"
    batch = JetBatch.concatenate(read(sample))
    for contract in (image(scale=3000), rows_of(16)):
        whole = encode(batch, contract)
        for event in (0, 255, 256, 599):
            assert np.array_equal(encode(batch.select([event]), contract)[0], whole[event])
