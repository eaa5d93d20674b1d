"""Streamed scores: the same integers in parts, and nothing finished is lost."""

from __future__ import annotations

import numpy as np
import pytest

import trigger
from tests.builders import small_cnn
from trigger.errors import ProjectError
from trigger.flow.streaming import stream_scores
from trigger.network import Network
from trigger.scaleout import spread

pytestmark = pytest.mark.csim


@pytest.fixture
def pixels(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (103, 8, 8, 1)).astype(np.uint8)
    np.save(tmp_path / "pixels.npy", array)
    return tmp_path / "pixels.npy"


def stream(path, output, progress=lambda done, of: None, chunk_events=25):
    with spread() as here:
        return stream_scores(small_cnn(), path, output, progress, here, chunk_events)


def test_parts_give_the_scores_of_the_whole(pixels, tmp_path):
    scores = stream(pixels, tmp_path / "out" / "scores.npy")
    assert (scores == trigger.emulate(small_cnn(), np.load(pixels))).all()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["scores.npy"]


def test_an_interrupted_run_goes_on_after_its_finished_parts(pixels, tmp_path):
    def stop(done, of):
        if done == 50:
            raise KeyboardInterrupt

    output = tmp_path / "scores.npy"
    with pytest.raises(KeyboardInterrupt):
        stream(pixels, output, stop)
    assert not output.exists()
    later = []
    scores = stream(pixels, output, lambda done, of: later.append((done, of)))
    assert later == [(75, 103), (100, 103), (103, 103)]
    assert (scores == trigger.emulate(small_cnn(), np.load(pixels))).all()


def test_parts_of_other_pixels_are_not_taken(pixels, tmp_path):
    def stop(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stream(pixels, tmp_path / "scores.npy", stop)
    np.save(pixels, 255 - np.load(pixels))
    scores = stream(pixels, tmp_path / "scores.npy")
    assert (scores == trigger.emulate(small_cnn(), np.load(pixels))).all()


def test_a_damaged_part_is_made_again(pixels, tmp_path):
    def stop(done, of):
        raise KeyboardInterrupt

    output = tmp_path / "scores.npy"
    with pytest.raises(KeyboardInterrupt):
        stream(pixels, output, stop)
    (part,) = (
        path
        for path in tmp_path.iterdir()
        if path != pixels and path.read_bytes().startswith(b"\x93NUMPY")
    )
    part.write_bytes(b"")
    scores = stream(pixels, output)
    assert (scores == trigger.emulate(small_cnn(), np.load(pixels))).all()


def test_several_outputs_are_refused(pixels, tmp_path):
    both = Network(small_cnn().layers, ("pool", "score"))
    with pytest.raises(ProjectError, match=r"2 outputs.*one output of at most 63 bits"):
        stream_scores(both, pixels, tmp_path / "s.npy", lambda *_: None, map)
