"""Events: one reader and generator per source, each yielding batches of its own kind of event.

``SOURCES`` names them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trigger.events import drift_chamber, region_grids, showers
from trigger.events.batch import EventBatch
from trigger.events.cache import Progress, generated
from trigger.events.reader import EventReader
from trigger.events.source import EventSource, Source

__all__ = ["SOURCES", "EventBatch", "EventReader", "EventSource", "Progress", "Source", "generated"]

SOURCES: Mapping[EventSource, Source] = MappingProxyType(
    {source.kind: source for source in (drift_chamber.SOURCE, showers.SOURCE, region_grids.SOURCE)}
)
"""Every source, by its kind."""
