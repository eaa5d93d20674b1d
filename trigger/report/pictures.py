"""Event images as small PNG pictures, one picture element per pixel."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import matplotlib as mpl
import matplotlib.image
import numpy as np

from trigger.report.record import ClassImages, Image
from trigger.report.studies import Widths
from trigger.report.wording import word_number, word_percent, word_shape

COLOURS = "inferno"
"""Black where nothing was seen, brighter with the value; legible without colour vision."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One channel of an image with its words and its numbers."""

    title: str
    words: str
    source: str
    """``data:`` address of the PNG."""
    numbers: str
    """The raw values, a line a row."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """The pictures of one class on one colour scale."""

    name: str
    events: int
    examples: tuple[Picture, ...]
    mean: tuple[Picture, ...]
    largest: str
    """Value of the brightest colour of the examples."""
    largest_mean: str


def build_galleries(classes: tuple[ClassImages, ...]) -> tuple[Gallery, ...]:
    """Return the pictures of every class; examples share one scale over classes, means another."""
    largest = max((max(x.pixels, default=0) for c in classes for x in c.examples), default=0)
    largest_mean = max((max(c.mean.pixels, default=0) for c in classes), default=0)
    return tuple(
        Gallery(
            each.name,
            each.events,
            tuple(
                picture
                for index, image in enumerate(each.examples, 1)
                for picture in _pictures(image, f"Example {index}", each.name, largest)
            ),
            _pictures(each.mean, f"Mean of {each.events:,} events", each.name, largest_mean),
            word_number(largest),
            word_number(largest_mean),
        )
        for each in classes
    )


def build_maps(widths: tuple[Widths, ...]) -> tuple[Picture, ...]:
    """Return the maps of the bits that numbers need, and of how often results are not 0."""
    pictures = []
    for each in widths:
        if not each.bits:
            continue
        places = np.array(each.bits).reshape(each.map_shape)
        size = word_shape(each.map_shape)
        title = f"{each.layer}, bits of its {each.role}"
        words = (
            f"{title}: {size} places, {np.count_nonzero(places)} not always 0, at most "
            f"{places.max()} of {each.width} bits."
        )
        pictures.append(Picture(title, words, _png(places, each.width), _numbers(places)))
        if each.zero_shares:
            busy = 1 - np.array(each.zero_shares).reshape(each.map_shape)
            title = f"{each.layer}, share of results that are not 0"
            words = f"{title}: {size} places, {word_percent(1 - each.zero_share)} on average."
            pictures.append(Picture(title, words, _png(busy, 1), _numbers(busy.round(2))))
    return tuple(pictures)


def build_scale() -> str:
    """Return the colour scale, dark to bright, as the address of a PNG."""
    return _png(np.linspace(0, 1, 64).reshape(1, -1), 1)


def _pictures(image: Image, title: str, of: str, largest: float) -> tuple[Picture, ...]:
    height, width, channels = image.shape
    pixels = np.array(image.pixels).reshape(image.shape)
    pictures = []
    for channel in range(channels):
        plane = pixels[:, :, channel]
        name = title if channels == 1 else f"{title}, channel {channel}"
        words = (
            f"{name}, {of}: {word_shape((height, width))} pixels, "
            f"{np.count_nonzero(plane)} not zero, largest {word_number(plane.max().item())}."
        )
        if image.caption:
            words += f" {image.caption}"
        pictures.append(Picture(name, words, _png(plane, largest), _numbers(plane)))
    return tuple(pictures)


def _png(plane: np.ndarray, largest: float) -> str:
    buffer = io.BytesIO()
    mpl.image.imsave(
        buffer, plane, cmap=COLOURS, vmin=0, vmax=largest or 1, format="png", metadata={}
    )
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _numbers(plane: np.ndarray) -> str:
    texts = [[word_number(value.item()) for value in row] for row in plane]
    width = max(len(text) for row in texts for text in row)
    return "\n".join(" ".join(text.rjust(width) for text in row) for row in texts)
