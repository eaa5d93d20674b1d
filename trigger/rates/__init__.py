"""Trigger physics figures from the scores of any engine, integers or floats.

A score passes a threshold when it is at least as large. Scores on an integer grid tie; every
figure here takes ties as the hardware would: a tie group passes or fails as a whole.
"""

from trigger.rates.bootstrap import bootstrap_auc
from trigger.rates.change import Change, measure_change
from trigger.rates.classify import count_confusion, measure_accuracy, predict_classes
from trigger.rates.efficiency import COVERAGE, Efficiency, clopper_pearson, measure_efficiency
from trigger.rates.histogram import Histogram, build_histograms
from trigger.rates.mass import PeakRatio, PeakTest, dimuon_mass, measure_peak
from trigger.rates.rate import Exposure, Rate, events_needed
from trigger.rates.resolution import ONE_SIGMA, Quantile, measure_quantile, measure_r2
from trigger.rates.roc import (
    Roc,
    WorkingPoint,
    build_roc,
    find_next_looser,
    find_working_point,
    measure_rejection,
    outline,
)
from trigger.rates.turn_on import equal_shares, measure_turn_on

__all__ = [
    "COVERAGE",
    "ONE_SIGMA",
    "Change",
    "Efficiency",
    "Exposure",
    "Histogram",
    "PeakRatio",
    "PeakTest",
    "Quantile",
    "Rate",
    "Roc",
    "WorkingPoint",
    "bootstrap_auc",
    "build_histograms",
    "build_roc",
    "clopper_pearson",
    "count_confusion",
    "dimuon_mass",
    "equal_shares",
    "events_needed",
    "find_next_looser",
    "find_working_point",
    "measure_accuracy",
    "measure_change",
    "measure_efficiency",
    "measure_peak",
    "measure_quantile",
    "measure_r2",
    "measure_rejection",
    "measure_turn_on",
    "outline",
    "predict_classes",
]
