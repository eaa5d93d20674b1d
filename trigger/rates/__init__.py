"""Trigger physics figures from the scores of any engine, integers or floats.

A score passes a threshold when it is at least as large. Scores on an integer grid tie; every
figure here takes ties as the hardware would: a tie group passes or fails as a whole.
"""

from trigger.rates.classify import measure_accuracy, predict_classes
from trigger.rates.efficiency import COVERAGE, Efficiency, clopper_pearson, measure_efficiency
from trigger.rates.histogram import Histogram, build_histograms
from trigger.rates.roc import Roc, WorkingPoint, build_roc, find_working_point, outline

__all__ = [
    "COVERAGE",
    "Efficiency",
    "Histogram",
    "Roc",
    "WorkingPoint",
    "build_histograms",
    "build_roc",
    "clopper_pearson",
    "find_working_point",
    "measure_accuracy",
    "measure_efficiency",
    "outline",
    "predict_classes",
]
