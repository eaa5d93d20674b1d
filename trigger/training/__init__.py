"""Training: the quantisation-aware fit of a model and its float twin, resumable and reusable.

TensorFlow is imported when a model is fitted, restored or asked for scores, not before.
"""

from trigger.training.fit import fit
from trigger.training.loss import CrossEntropy, Loss, PixelCrossEntropy, SquaredError
from trigger.training.model import count_zeros, predict, restore
from trigger.training.progress import LineProgress, Progress, SilentProgress, build_progress
from trigger.training.pruning import least_zeros
from trigger.training.recipe import Recipe
from trigger.training.sample import Sample, Split, split_events
from trigger.training.spec import (
    EpochRecord,
    KernelZeros,
    ModelKind,
    Optimiser,
    PruningSchedule,
    PruningSpec,
    PruningStructure,
    RateSchedule,
    SplitSpec,
    Start,
    TrainedModel,
    TrainingSpec,
)
from trigger.training.store import read_trained, write_trained
from trigger.training.teacher import fit_teacher, log_error

__all__ = [
    "CrossEntropy",
    "EpochRecord",
    "KernelZeros",
    "LineProgress",
    "Loss",
    "ModelKind",
    "Optimiser",
    "PixelCrossEntropy",
    "Progress",
    "PruningSchedule",
    "PruningSpec",
    "PruningStructure",
    "RateSchedule",
    "Recipe",
    "Sample",
    "SilentProgress",
    "Split",
    "SplitSpec",
    "SquaredError",
    "Start",
    "TrainedModel",
    "TrainingSpec",
    "build_progress",
    "count_zeros",
    "fit",
    "fit_teacher",
    "least_zeros",
    "log_error",
    "predict",
    "read_trained",
    "restore",
    "split_events",
    "write_trained",
]
