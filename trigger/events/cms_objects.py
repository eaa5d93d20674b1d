"""Physics objects of CMS as a source of events: ROOT files, and a generator."""

from __future__ import annotations

from trigger.events import cms_objects_root
from trigger.events.cms_objects_generator import (
    CHUNK_EVENTS,
    CLASSES,
    GENERATOR_VERSION,
    ObjectOptions,
    generate_chunk,
)
from trigger.events.object_batch import ObjectBatch
from trigger.events.source import EventSource, Source


def _notes(options: ObjectOptions) -> tuple[str, ...]:
    return (
        "The events are generated at leading order with a simple detector, not recorded or taken "
        f"from CMS simulation; {options.pile_up:g} pile-up collisions on average.",
        "Muons that are no muons (punch-through, fakes of the reconstruction) are missing, and the "
        "share of decays in flight that pass identification is an assumption: real second muons of "
        "W events are less clean.",
    )


SOURCE = Source(
    kind=EventSource.CMS_OBJECTS,
    summary="muons, jets and missing momentum of CMS at 13 TeV: Drell-Yan, H -> 4l, J/psi, W, t t",
    batch=ObjectBatch,
    classes=CLASSES,
    options=ObjectOptions,
    version=GENERATOR_VERSION,
    chunk_events=CHUNK_EVENTS,
    generate_chunk=generate_chunk,
    read=cms_objects_root.read,
    write=cms_objects_root.write,
    suffixes=(".root",),
    notes=_notes,
)
