"""Labelled pixels, and which events may be used for what."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trigger.errors import ModelError
from trigger.training.spec import SplitSpec


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """n images with their classes, and with what else is to be learnt of each."""

    pixels_raw: npt.NDArray[np.integer]
    """(n, *input shape) raw integers in the model's input format."""
    labels: npt.NDArray[np.integer]
    """(n,) class 0, 1, ..."""
    targets: npt.NDArray[np.float32] | None = None
    """(n, *output shape) values that the model is to give; NaN where none is asked for. None where
    the labels say it all."""
    group: int = 1
    """Images of one event, which lie side by side and stay together in every batch."""

    def __post_init__(self) -> None:
        if len(self.pixels_raw) != len(self.labels) or len(self.labels) == 0:
            raise ModelError(
                f"{len(self.pixels_raw)} images with {len(self.labels)} labels",
                where="training sample",
                allowed="as many labels as images, one at least",
            )
        if self.targets is not None:
            targets = np.asarray(self.targets, np.float32)
            object.__setattr__(self, "targets", targets)
            if len(targets) != len(self):
                raise ModelError(
                    f"{len(self)} images with {len(targets)} targets",
                    where="training sample",
                    allowed="as many targets as images",
                )
        if self.group < 1 or len(self) % self.group:
            raise ModelError(
                f"{len(self)} images in groups of {self.group}",
                where="training sample",
                allowed="whole groups",
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: npt.NDArray[np.integer]) -> Sample:
        """Return the images at these indices, in this order.

        Raises:
            ModelError: they tear a group of images apart.
        """
        firsts = indices[:: self.group]
        whole = (firsts[:, None] + np.arange(self.group)).ravel()
        if np.any(firsts % self.group) or not np.array_equal(whole, indices):
            raise ModelError(
                "images of one event are taken apart",
                where="training sample",
                allowed=f"whole groups of {self.group}",
            )
        targets = None if self.targets is None else self.targets[indices]
        return Sample(self.pixels_raw[indices], self.labels[indices], targets, self.group)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the numbers, whatever integer type holds them."""
        digest = hashlib.sha256(repr(self.pixels_raw.shape).encode())
        digest.update(np.ascontiguousarray(self.labels, np.int64).data)
        for start in range(0, len(self), 4096):
            block = self.pixels_raw[start : start + 4096]
            digest.update(np.ascontiguousarray(block, np.int32).data)
        if self.targets is not None:
            digest.update(repr((self.targets.shape, self.group)).encode())
            digest.update(np.ascontiguousarray(self.targets).data)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Which images are for training, for choices, and for the final figures (ascending)."""

    train: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]


def split_events(event_ids: npt.NDArray[np.integer], split: SplitSpec, seed: int) -> Split:
    """Divide images so that all images of one event are on one side.

    Args:
        event_ids: (n,) an identity of the event of each image; ``np.arange(n)`` where every event
            has one image.

    Raises:
        ModelError: too few events for three parts.
    """
    events, event_of_image = np.unique(event_ids, return_inverse=True)
    train = round(split.train * len(events))
    validation = round(split.validation * len(events))
    if min(train, validation, len(events) - train - validation) < 1:
        raise ModelError(
            f"{len(events)} events are too few to be split",
            where="training.split",
            allowed="at least one event in each part",
            remedy="generate or read more events",
        )
    order = np.random.default_rng(np.random.SeedSequence([seed, 0])).permutation(len(events))
    part_of_event = np.full(len(events), 2)
    part_of_event[order[:train]] = 0
    part_of_event[order[train : train + validation]] = 1
    part = part_of_event[event_of_image]
    return Split(*(np.flatnonzero(part == number) for number in range(3)))
