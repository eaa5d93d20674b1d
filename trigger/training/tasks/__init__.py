"""What a model may be asked to learn: one file per task.

A design names its task; without one it tells the classes of events apart. ``TASKS`` names them all.
What a task is judged by is in ``trigger.flow.figures``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trigger.training.tasks.anomaly import Anomaly, Teacher
from trigger.training.tasks.base import Drawn, Lesson, Material, OutputContract, Task
from trigger.training.tasks.event_class import EventClass
from trigger.training.tasks.hit_noise import HitNoise
from trigger.training.tasks.momentum import Momentum
from trigger.training.tasks.track_class import TrackClass

__all__ = [
    "TASKS",
    "Anomaly",
    "Drawn",
    "EventClass",
    "HitNoise",
    "Lesson",
    "Material",
    "Momentum",
    "OutputContract",
    "Task",
    "Teacher",
    "TrackClass",
]

TASKS: Mapping[str, type[Task]] = MappingProxyType(
    {
        "event_class": EventClass,
        "track_class": TrackClass,
        "hit_noise": HitNoise,
        "momentum": Momentum,
        "anomaly": Anomaly,
    }
)
"""Every task, by the word in design files."""
