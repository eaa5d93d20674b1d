"""The ``task`` block: what the model is asked to learn, and what else must fit to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trigger.config.binding import Item, bind, bind_record, read_yaml
from trigger.config.model import placed, read_layers
from trigger.config.sections import TriggerSection
from trigger.design import ModelSpec
from trigger.errors import did_you_mean
from trigger.images import ENCODERS, InputContract
from trigger.training import TrainingSpec
from trigger.training.tasks import TASKS, Anomaly, EventClass, OutputContract, Task, Teacher
from trigger.zoo import check_model


def read_task(item: Item | None, seed: int) -> Task:
    """Return the task: a word, or a word with its choices, ``momentum: {scale_gev: 2}``.

    Without one the classes of events are told apart.

    Raises:
        DesignError: an unknown task, or choices that are not its.
    """
    if item is None:
        return EventClass()
    if not item.is_mapping:
        word = bind(item, str)
        return _of(item, word, None, seed)
    pairs = list(item.mapping().items())
    if len(pairs) != 1:
        raise item.error(f"{len(pairs)} keys stand here", allowed=f"one task: {', '.join(TASKS)}")
    word, choices = pairs[0]
    return _of(choices, word, None if choices.is_null else choices, seed)


def _of(item: Item, word: str, choices: Item | None, seed: int) -> Task:
    if word not in TASKS:
        raise item.error(
            f"there is no task {word!r}",
            allowed=", ".join(TASKS),
            remedy=did_you_mean(word, list(TASKS)),
        )
    kind = TASKS[word]
    if choices is None and kind is not Anomaly:
        return kind()
    if choices is None:
        raise item.error("the task has no choices", allowed="anomaly: {background: ..., ...}")
    given: dict[str, Any] = {}
    if kind is Anomaly and "teacher" in choices.mapping():
        given["teacher"] = _teacher(choices.mapping()["teacher"], seed)
    task: Task = bind_record(choices, kind, given)
    return task


def _teacher(item: Item, seed: int) -> Teacher:
    entries = item.mapping()
    given: dict[str, Any] = {} if "seed" in entries else {"seed": seed}
    if "layers" in entries:
        given["layers"] = read_layers(entries["layers"])
    teacher: Teacher = bind_record(item, Teacher, given)
    with placed(item):
        assert teacher.training  # a fit that can be
    return teacher


def load_output(path: Path) -> OutputContract:
    """Read an ``output_contract.json``.

    Raises:
        DesignError: the file cannot be read, or is none.
    """
    item, _ = read_yaml(path)  # JSON is YAML
    contract: OutputContract = bind(item, OutputContract)
    return contract


def check_task(
    top: Item, task: Task, model: ModelSpec, images: InputContract, events: tuple[str, ...]
) -> None:
    """Raise DesignError where images, classes or the model's output are not what the task needs."""
    entries = top.mapping()
    with placed(entries.get("task", entries["model"])):
        allowed = task.outputs(images, events)
    output = check_model(model)[-1].output
    if output not in allowed:
        classes = task.classes(events)
        what = f"{len(classes)} classes" if classes else f"a {type(task).__name__} task"
        raise entries["model"].error(
            f"the last layer gives {output} for {what}", allowed=" or ".join(map(str, allowed))
        )


def check_batches(item: Item, training: TrainingSpec, task: Task) -> None:
    """Raise DesignError where a batch would tear apart what belongs together."""
    if training.batch_size % task.group:
        raise item.error(
            f"batch_size is {training.batch_size}",
            allowed=f"a multiple of {task.group}: the images of an event stay together",
        )


def check_augment(item: Item, training: TrainingSpec, task: Task, contract: InputContract) -> None:
    """Raise DesignError where a mirrored image would show what is not there, or say another thing
    than its event does."""
    allowed = ENCODERS[contract.encoding].mirrors if isinstance(task, EventClass) else ()
    for mirror in training.augment:
        if mirror not in allowed:
            raise item.error(
                f"{contract.encoding.value} images cannot be mirrored by {mirror.value} for this "
                "task",
                allowed=", ".join(each.value for each in allowed) or "no augment",
            )


def check_distillation(item: Item, training: TrainingSpec, task: Task) -> None:
    """Raise DesignError where there are no labels that a float twin could soften."""
    if training.distillation and not isinstance(task, EventClass):
        raise item.error(
            f"distillation is {training.distillation:g}, and this task has no labels",
            allowed="0, or a design that tells classes of events apart",
        )


def check_trigger(item: Item, trigger: TriggerSection, task: Task, events: tuple[str, ...]) -> None:
    """Raise DesignError where the trigger names what the task does not tell apart."""
    classes = task.classes(events)
    for name in (trigger.background, trigger.signal):
        if name not in classes:
            raise item.error(
                f"{name} is not a class of this design",
                allowed=", ".join(classes) or "no section trigger, for this task decides nothing",
            )
    if isinstance(task, Anomaly) and trigger.background != task.background:
        raise item.error(
            f"the background is {trigger.background}", allowed=f"{task.background}, as the task's"
        )
