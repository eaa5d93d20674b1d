"""Events -> labelled images, divided into parts, with the contract that made them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trigger.config import DesignFile
from trigger.errors import DesignError, EventError
from trigger.events import SOURCES, HitBatch
from trigger.events.batch import concatenate
from trigger.flow.listener import Listener
from trigger.images.contract import InputContract
from trigger.images.hit_maps import encode, fit_scale
from trigger.training import Sample, Split, split_events


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """The events of each class, in the order of the labels."""

    batches: tuple[HitBatch, ...]
    skipped: int
    """Bad events that were left out, as ``skip_bad`` allowed."""


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """All images of a design, with what is to be done with each."""

    contract: InputContract
    sample: Sample
    split: Split

    @property
    def train(self) -> Sample:
        return self.sample.take(self.split.train)

    @property
    def validation(self) -> Sample:
        return self.sample.take(self.split.validation)

    def simulated(self, events: int) -> Sample:
        """Return the images that go through every engine: test events first.

        Where there are fewer test events than asked for, validation and training events follow:
        bit-exactness does not mind what a model has seen. Physics figures take test events only.
        """
        order = np.concatenate([self.split.test, self.split.validation, self.split.train])
        return self.sample.take(order[:events])


def make_events(
    file: DesignFile, cache: Path, skip_bad: int, listener: Listener
) -> Events:
    """Read the design's event files, or generate its events (what ``cache`` has is read back).

    Raises:
        DesignError: the design names no events.
        EventError: a malformed file, or more bad events than ``skip_bad`` in one class.
    """
    section = file.events
    if section is None:
        raise DesignError(
            "the design has no events", where=file.source, remedy="add the section events"
        )
    source = SOURCES[section.source.value]
    batches = []
    skipped = 0
    for reaction in section.classes:
        name = reaction.value
        if section.generate is not None:
            wanted = section.generate
            seed = file.seed if wanted.seed is None else wanted.seed
            batches.append(
                source.generate(
                    name,
                    wanted.events_per_class,
                    seed,
                    cache,
                    wanted.options,
                    listener.counter(f"{name} events"),
                )
            )
            continue
        parts = []
        for path in section.files[name]:
            reader = source.read(path, skip_bad=skip_bad)
            parts.extend(reader)
            skipped += reader.skipped
        if not parts:
            raise EventError("the files hold no event", where=f"events.files.{name}")
        batches.append(concatenate(parts))
    return Events(tuple(batches), skipped)


def make_images(file: DesignFile, events: Events) -> Images:
    """Encode every event; the scale is fitted on the training events alone.

    Raises:
        DesignError: the design does not say how events are divided.
    """
    if file.training is None:
        raise DesignError(
            "the design has no training", where=file.source, remedy="add the section training"
        )
    together = concatenate(events.batches)
    labels = np.repeat(np.arange(len(events.batches)), [len(batch) for batch in events.batches])
    split = split_events(np.arange(len(together)), file.training.split, file.training.seed)
    scale = file.input.scale
    if scale is None:
        scale = fit_scale(
            [together.select(split.train)], file.input.encoding, keep_noise=file.input.keep_noise
        )
    contract = file.input.contract(scale)
    return Images(contract, Sample(encode(together, contract), labels), split)
