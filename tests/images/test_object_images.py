"""Images and tables of physics objects: exact pixels, symmetries, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.object_events import some_objects
from trigger.errors import ImageError
from trigger.events.object_batch import ObjectBatch
from trigger.fixed import FixedFormat
from trigger.images import ENCODERS, Encoding, Mirror, encode, fit
from trigger.images.object_circles import POSITION_FACTOR, SUBPIXELS
from trigger.images.object_planes import ObjectPlanesContract
from trigger.images.object_rgb import ObjectRgbContract
from trigger.images.object_set import FEATURES, ObjectSetContract

BIT = FixedFormat.parse("ap_ufixed<1,1>")
PLANES = ObjectPlanesContract(Encoding.OBJECT_PLANES, (32, 32), BIT, scale=1)
RGB = ObjectRgbContract(
    Encoding.OBJECT_RGB, (122, 122), FixedFormat.parse("ap_ufixed<8,0>"), scale=1
)
SET = ObjectSetContract(Encoding.OBJECT_SET, (7, 7), FixedFormat.parse("ap_fixed<11,2>"), scale=512)


def changed(batch: ObjectBatch, **columns) -> ObjectBatch:
    return ObjectBatch.of_columns(batch.columns() | columns)


def test_a_circle_is_where_its_formula_puts_it():
    """Pixels whose centre is within half a pixel of radius alpha ln pT, computed with floats."""
    batch = some_objects(20, seed=1)
    planes = encode(batch, PLANES).astype(bool)
    pixel = 2 * PLANES.half_width / 32
    centres = (np.arange(32) - 15.5) * pixel
    x, y = centres[None, :], -centres[:, None]
    slack = 1.5 / SUBPIXELS  # of digitised centres and radii, in pixels
    groups = (
        (0, "muon", 0.25, lambda event: batch.muon_charge[event] > 0),
        (1, "muon", 0.25, lambda event: batch.muon_charge[event] < 0),
        (2, "jet", 0.1, lambda event: batch.jet_filled[event] & (np.arange(6) < 4)),
    )
    for event in range(20):
        for plane, kind, alpha, chosen in groups:
            surely, maybe = np.zeros((32, 32), bool), np.zeros((32, 32), bool)
            for place in np.flatnonzero(chosen(event)):
                pt, eta, phi = (
                    getattr(batch, f"{kind}_{q}")[event, place] for q in ["pt", "eta", "phi"]
                )
                away = np.hypot(x - 0.4 * eta, y - 0.4 * phi)
                off = np.abs(away - alpha * np.log(np.floor(pt * 2) / 2)) / pixel
                surely |= off < 0.5 - slack
                maybe |= off < 0.5 + slack
            drawn = planes[event, ..., plane]
            assert np.all(drawn[surely])
            assert not np.any(drawn & ~maybe)


def test_missing_momentum_stands_at_eta_zero():
    batch = some_objects(1, seed=2)
    batch = changed(batch, met_pt=np.float32([50]), met_phi=np.float32([0]))
    plane = encode(batch, PLANES)[0, ..., 3]
    assert plane.any()
    assert np.array_equal(plane, plane[:, ::-1])
    assert np.array_equal(plane, plane[::-1])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(-6, 6))
def test_a_turn_by_whole_pixels_moves_the_image(seed, pixels):
    """As long as no circle leaves the image and no azimuth wraps."""
    batch = some_objects(4, seed)
    step = 2 * PLANES.half_width / 32 / POSITION_FACTOR
    fine = step / SUBPIXELS
    columns = {}
    for kind, most in (("muon", 0.4), ("jet", 0.8), ("met", 0.8)):
        phi = np.rint(getattr(batch, f"{kind}_phi") * most / np.pi / fine) * fine
        columns[f"{kind}_phi"] = phi.astype(np.float32)
    small = {"muon_pt": np.minimum(batch.muon_pt, 20)}
    there = changed(batch, **columns, **small)
    turned = {}
    for name, phi in columns.items():
        filled = {"muon_phi": batch.muon_filled, "jet_phi": batch.jet_filled}.get(name, True)
        turned[name] = np.where(filled, phi + pixels * step, 0).astype(np.float32)
    here = changed(there, **turned)
    images = encode(there, PLANES)
    lost = images[:, :pixels] if pixels > 0 else images[:, 32 + pixels :]
    assert pixels == 0 or not lost.any()
    # phi points up, rows count down
    assert np.array_equal(encode(here, PLANES), np.roll(images, -pixels, axis=1))


@pytest.mark.parametrize("contract", [PLANES, RGB], ids=["planes", "rgb"])
@given(seed=st.integers(0, 1000), cut=st.integers(0, 1))
@settings(max_examples=8, deadline=None)
def test_a_mirrored_event_is_the_mirrored_image(contract, seed, cut):
    contract = replace(contract, shape=(contract.shape[0] - cut, contract.shape[1]))
    batch = some_objects(10, seed)
    signs = {
        Mirror.FLIP_X: ("muon_eta", "jet_eta"),
        Mirror.FLIP_Y: ("muon_phi", "jet_phi", "met_phi"),
    }
    assert ENCODERS[contract.encoding].mirrors == tuple(signs)
    images = encode(batch, contract)
    for mirror, names in signs.items():
        mirrored = changed(batch, **{name: -getattr(batch, name) for name in names})
        assert np.array_equal(encode(mirrored, contract), np.flip(images, 1 + mirror.axis))


@pytest.mark.parametrize("contract", [PLANES, RGB], ids=["planes", "rgb"])
def test_the_order_of_objects_does_not_matter(contract):
    contract = replace(contract, jets=6)
    batch = some_objects(30, seed=5)
    columns = dict(batch.columns())
    for kind in ("muon", "jet"):
        filled = getattr(batch, f"{kind}_filled")
        order = np.argsort(~filled[:, ::-1], axis=1, kind="stable")
        for name in [each for each in columns if each.startswith(f"{kind}_")]:
            columns[name] = np.take_along_axis(columns[name][:, ::-1], order, axis=1)
    assert np.array_equal(
        encode(ObjectBatch.of_columns(columns), contract), encode(batch, contract)
    )


def test_channels_follow_the_choices():
    batch = some_objects(10, seed=6)
    full = encode(batch, PLANES)
    uncharged = encode(batch, replace(PLANES, charge=False, met=False))
    assert uncharged.shape == (10, 32, 32, 2)
    assert np.array_equal(uncharged[..., 0], full[..., 0] | full[..., 1])
    assert np.array_equal(uncharged[..., 1], full[..., 2])
    assert not encode(batch, replace(PLANES, jets=0))[..., 2].any()


def test_a_lit_pixel_is_one_in_any_format():
    batch = some_objects(3, seed=6)
    wide = replace(PLANES, format=FixedFormat.parse("ap_ufixed<6,2>"))
    assert set(np.unique(encode(batch, wide))) == {0, 16}
    assert fit(replace(PLANES, scale=None), batch).scale == 1


def test_exactly_so_many_jets():
    two = replace(PLANES, jets=2, exactly=True)
    assert len(encode(some_objects(5, seed=7, least_jets=2), two)) == 5
    with pytest.raises(ImageError, match=r"event \d+ has 1 jets.*2 or more"):
        encode(some_objects(60, seed=7), two)


def test_any_number_of_events_at_a_time_gives_the_same_images():
    batch = some_objects(37, seed=8)
    whole = encode(batch, PLANES)
    parts = [encode(batch.between(k, k + 1), PLANES) for k in range(37)]
    assert np.array_equal(whole, np.concatenate(parts))
    assert encode(batch.between(0, 0), PLANES).shape == (0, 32, 32, 4)


def test_colours_are_drawn_as_the_plotting_library_draws_them():
    """The share of pixels that differ by more than half a colour is that of the edges of lines."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    batch = some_objects(3, seed=9)
    contract = replace(RGB, shape=(244, 244))
    ours = encode(batch, contract)
    angle = np.linspace(0, 2 * np.pi, 125)
    for event in range(3):
        figure = pyplot.figure(figsize=(244 / 96, 244 / 96), dpi=96)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(-np.pi, np.pi), ylim=(-np.pi, np.pi))
        axes.axis("off")

        def ring(pt, eta, phi, alpha, colour, width, axes=axes):
            radius = alpha * np.log(pt)
            x, y = 0.4 * eta + radius * np.cos(angle), 0.4 * phi + radius * np.sin(angle)
            axes.plot(x, y, color=colour, linewidth=width)

        for k in range(batch.muons[event]):
            row = (batch.muon_pt[event, k], batch.muon_eta[event, k], batch.muon_phi[event, k])
            ring(*row, 0.25, "red", 2 if batch.muon_charge[event, k] > 0 else 1)
        for k in range(min(batch.jets[event], 4)):
            row = (batch.jet_pt[event, k], batch.jet_eta[event, k], batch.jet_phi[event, k])
            ring(*row, 0.1, "blue", 1.5)
        ring(batch.met_pt[event], 0, batch.met_phi[event], 0.1, "black", 1.5)
        figure.canvas.draw()
        theirs = np.asarray(figure.canvas.buffer_rgba())[..., :3]
        pyplot.close(figure)
        drawn = (ours[event] < 255).any(axis=-1)
        off = np.abs(theirs.astype(int) - ours[event]).max(axis=-1) > 160
        assert drawn.sum() > 1000
        assert off.sum() < 0.05 * drawn.sum()


def test_colours_are_those_of_one_plane_at_every_pixel():
    batch = some_objects(20, seed=10)
    images = encode(batch, RGB)
    lit = images >= 128
    red, blue = lit[..., 0], lit[..., 2]
    planes = np.stack([red & ~blue, blue & ~red, ~red & ~blue], axis=-1)
    drawn = (images < 255).any(axis=-1)
    assert np.array_equal(planes.any(axis=-1), drawn)
    assert planes.sum(axis=-1).max() == 1  # what covers and what is covered
    assert np.array_equal(planes[..., 2], (images == 0).all(axis=-1))
    assert np.array_equal(planes[..., 0], (images == [255, 0, 0]).all(axis=-1))


def test_a_positive_muon_has_the_wider_line():
    batch = some_objects(20, seed=11)
    alone = replace(RGB, jets=0, met=False)
    plus = changed(batch, muon_charge=np.abs(batch.muon_charge))
    minus = changed(batch, muon_charge=-np.abs(batch.muon_charge))
    lit = [(encode(each, alone) < 255).any(axis=-1).sum() for each in (plus, minus)]
    assert 1.7 < lit[0] / lit[1] < 2.3
    same = replace(alone, charge=False)
    assert np.array_equal(encode(plus, same), encode(minus, same))


def test_a_table_holds_the_digits_of_a_global_trigger():
    batch = some_objects(1, seed=12)
    batch = changed(
        batch,
        muons=np.uint8([2]),
        muon_pt=np.float32([[64.3, 16.2, 0, 0]]),
        muon_eta=np.float32([[0.10875, -2.175, 0, 0]]),
        muon_phi=np.float32([[np.pi / 2, -np.pi / 2, 0, 0]]),
        muon_charge=np.int8([[1, -1, 0, 0]]),
        jets=np.uint8([1]),
        jet_pt=np.float32([[32, 0, 0, 0, 0, 0]]),
        jet_eta=np.float32([[0.0435, 0, 0, 0, 0, 0]]),
        jet_phi=np.float32([[0.05, 0, 0, 0, 0, 0]]),
        met_pt=np.float32([8]),
        met_phi=np.float32([np.pi]),
    )
    linear = replace(SET, log_pt=False)
    assert encode(batch, linear)[0].tolist() == [
        [128, 10, 144, 512, 0, 0, 0],
        [32, -200, -144, 0, 512, 0, 0],
        [64, 4, 4, 0, 0, 512, 0],
        [0] * 7,
        [0] * 7,
        [0] * 7,
        [16, 0, 288, 0, 0, 0, 512],
    ]
    assert encode(batch, SET)[0, :, 0].tolist() == [336, 240, 288, 0, 0, 0, 192]
    assert fit(replace(SET, scale=None), batch).scale == 512


def test_tables_turn_mirror_and_reorder_with_the_event():
    batch = some_objects(30, seed=13)
    table = encode(batch, SET)
    mirrored = changed(batch, muon_eta=-batch.muon_eta, jet_eta=-batch.jet_eta)
    sign = np.where(np.array(FEATURES) == "eta", -1, 1)
    assert np.array_equal(encode(mirrored, SET), table * sign)
    opposite = changed(batch, muon_charge=-batch.muon_charge)
    assert np.array_equal(encode(opposite, SET), table[..., [0, 1, 2, 4, 3, 5, 6]])


def test_numbers_saturate_at_the_ends_of_the_format():
    batch = some_objects(30, seed=14)
    narrow = replace(SET, format=FixedFormat.parse("ap_fixed<8,1>"))
    table = encode(batch, narrow)
    wide = encode(batch, SET).astype(int) * 2**7 // 2**9
    assert np.array_equal(table, np.clip(wide, -128, 127))
    assert table.dtype == np.int8


@pytest.mark.parametrize(
    ("contract", "change", "told"),
    [
        (PLANES, {"shape": (32,)}, r"\[rows, columns\]"),
        (PLANES, {"scale": 2}, "scale is 2 for outlines"),
        (PLANES, {"half_width": 0}, "half_width is 0"),
        (PLANES, {"jets": 7}, "jets is 7"),
        (PLANES, {"line_width_px": 0}, "line_width_px is 0"),
        (SET, {"muons": 5}, "muons is 5"),
        (SET, {"shape": (8, 7)}, r"\[7, 7\]: the objects, and pt"),
        (SET, {"format": BIT}, "holds no negative angle"),
    ],
)
def test_choices_that_make_no_image_are_refused(contract, change, told):
    with pytest.raises(ImageError, match=told):
        replace(contract, **change)
