"""Designs to try, and the answer to a budget."""

from __future__ import annotations

from trigger.search.answer import Answer, network_of, solve
from trigger.search.formats import Change, find_changes, shrink_formats
from trigger.search.settings import STRATEGIES, Setting, apply_settings
from trigger.search.solve import LUTS_PER_DSP, Candidate, Point, weigh_luts

__all__ = [
    "LUTS_PER_DSP",
    "STRATEGIES",
    "Answer",
    "Candidate",
    "Change",
    "Point",
    "Setting",
    "apply_settings",
    "find_changes",
    "network_of",
    "shrink_formats",
    "solve",
    "weigh_luts",
]
