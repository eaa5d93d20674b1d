"""Events -> labelled images, divided into parts, with the contract that made them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trigger.config import DesignFile
from trigger.design import digest_of
from trigger.errors import DesignError, EventError
from trigger.events import SOURCES, EventBatch, Source, generated
from trigger.files import shared_folder
from trigger.flow.listener import Listener
from trigger.images import InputContract, encode, fit
from trigger.processes import map_in_order
from trigger.training import Progress, Sample, SilentProgress, Split, split_events
from trigger.training.tasks import Material, OutputContract


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """The events of each class, in the order of the labels."""

    batches: tuple[EventBatch, ...]
    skipped: int
    """Bad events that were left out, as ``skip_bad`` allowed."""
    deselected: int = 0
    """Sound events that the readers' selection left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """All images of a design, with what is to be done with each."""

    contract: InputContract
    sample: Sample
    split: Split
    """Training and validation have only what the task may see."""
    drawn: EventBatch
    """What the images show, one row each."""
    output: OutputContract | None = None
    """What the model's numbers mean; None where they are scores."""
    left_out: int = 0
    """Images that would show too little."""

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
        return self.sample.take(order[: -(-events // self.sample.group) * self.sample.group])


def make_events(file: DesignFile, cache: Path, skip_bad: int, listener: Listener) -> Events:
    """Read the design's event files, or generate its events (what ``cache`` has is read back).

    Raises:
        DesignError: the design names no events.
        EventError: a malformed file, or more bad events than ``skip_bad`` in one file.
    """
    section = file.events
    if section is None:
        raise DesignError(
            "the design has no events", where=file.source, remedy="add the section events"
        )
    source = SOURCES[section.source]
    names = section.classes
    if section.generate is None:
        paths = [tuple(map(Path, section.files[name])) for name in names]
        return _read_classes(source, names, paths, skip_bad)
    wanted = section.generate
    seed = file.seed if wanted.seed is None else wanted.seed
    with shared_folder(cache):
        batches = [
            generated(
                source,
                name,
                wanted.events_per_class,
                seed,
                cache,
                wanted.options,
                listener.counter(f"{name} events"),
                _cores(),
            )
            for name in names
        ]
        if not wanted.event_files:
            return Events(tuple(batches), 0)
        digests = [digest_of(source.version, name, wanted, seed)[:16] for name in names]
        suffix = source.suffixes[0]
        files = [cache / f"{source.kind.value}_{digest}{suffix}" for digest in digests]
        sources = [source] * len(files)
        read = map_in_order(_read_back, sources, names, batches, files, processes=_cores())
        return Events(tuple(read), 0)


def _read_classes(
    source: Source, names: tuple[str, ...], paths: list[tuple[Path, ...]], skip_bad: int
) -> Events:
    """Read the files of each class, the classes side by side."""
    sources, tolerated = [source] * len(paths), [skip_bad] * len(paths)
    rows = map_in_order(_read_class, sources, names, paths, tolerated, processes=_cores())
    read = list(rows)
    batches, skipped, deselected = zip(*read, strict=True)
    return Events(batches, sum(skipped), sum(deselected))


def _cores() -> int:
    return os.cpu_count() or 1


def _read_back(source: Source, name: str, made: EventBatch, path: Path) -> EventBatch:
    """Return generated events as their file holds them; a missing or damaged file is made anew."""
    if path.is_file():
        with suppress(EventError):
            found = _read_class(source, name, (path,), skip_bad=0)[0]
            if found.same_events(made):
                return found
    source.write(made, name, path)
    return _read_class(source, name, (path,), skip_bad=0)[0]


def _read_class(
    source: Source, name: str, paths: tuple[Path, ...], skip_bad: int
) -> tuple[EventBatch, int, int]:
    """Return the events of one class, and how many were left out: bad ones, and not selected."""
    parts: list[EventBatch] = []
    skipped = deselected = 0
    for path in paths:
        reader = source.read(path, class_name=name, skip_bad=skip_bad)
        parts.extend(reader)
        skipped += reader.skipped
        deselected += reader.deselected
    if not parts:
        raise EventError(f"there is no event of {name}", where=", ".join(map(str, paths)))
    return source.batch.concatenate(parts), skipped, deselected


def make_images(
    file: DesignFile, events: Events, folder: Path, progress: Progress | None = None
) -> Images:
    """Draw what the task asks for, and say what is to be learnt of it.

    The scale is fitted on the training events alone.

    Args:
        folder: where models that a task trains before the design's own are kept.

    Raises:
        DesignError: the design does not say how events are divided.
        EventError: the events lack what the task needs.
        Further errors of ``fit``, where a task trains a teacher.
    """
    if file.training is None:
        raise DesignError(
            "the design has no training", where=file.source, remedy="add the section training"
        )
    task = file.task
    drawn = task.draw(events.batches)
    split = split_events(drawn.event_ids, file.training.split, file.training.seed)
    taught = [file.labels.index(name) for name in task.taught(file.event_classes)]
    if len(taught) < len(file.labels):
        seen = (
            part[np.isin(drawn.labels[part], taught)] for part in (split.train, split.validation)
        )
        split = Split(*seen, split.test)
    contract = fit(file.input, drawn.batch.select(split.train))
    sample = Sample(encode(drawn.batch, contract), drawn.labels, group=task.group)
    lesson = task.lesson(
        Material(drawn, contract, sample, split, folder, progress or SilentProgress())
    )
    return Images(contract, lesson.sample, split, drawn.batch, lesson.output, drawn.left_out)
