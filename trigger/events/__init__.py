"""Events: one reader and generator per source, each yielding batches of its own kind of event.

``SOURCES`` names them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trigger.events import cms_objects, drift_chamber, region_grids, showers, top_jets
from trigger.events.batch import EventBatch
from trigger.events.cache import Progress, generated
from trigger.events.reader import EventReader
from trigger.events.source import EventSource, Source

__all__ = ["SOURCES", "EventBatch", "EventReader", "EventSource", "Progress", "Source", "generated"]

SOURCES: Mapping[EventSource, Source] = MappingProxyType(
    {
        each.SOURCE.kind: each.SOURCE
        for each in (drift_chamber, top_jets, cms_objects, showers, region_grids)
    }
)
"""Every source, by its kind."""
