"""The ``events`` block: a source, its classes, and files or what to generate."""

from __future__ import annotations

from dataclasses import replace

from trigger.config.binding import Item, bind, bind_record
from trigger.config.sections import EventsSection, GenerateSection
from trigger.events import SOURCES, EventSource


def read_events(item: Item, seed: int) -> EventsSection:
    """Return the section with its seed, and its files as seen from the file that names them.

    Raises:
        DesignError: unknown or missing keys, sources, classes or options of the generator.
    """
    entries = item.mapping()
    given: dict[str, GenerateSection] = {}
    if "source" in entries and "generate" in entries and not entries["generate"].is_null:
        source = bind(entries["source"], EventSource)
        given["generate"] = _generate(entries["generate"], source, seed)
    events: EventsSection = bind_record(item, EventsSection, given)
    files = {}
    for name, paths in events.files.items():
        folder = entries["files"].mapping()[name].file.parent
        files[name] = tuple(str(folder / path) for path in paths)
    return replace(events, files=files)


def _generate(item: Item, source: EventSource, seed: int) -> GenerateSection:
    kind = SOURCES[source].options
    entries = item.mapping()
    given = {"options": bind(entries["options"], kind) if "options" in entries else kind()}
    generate: GenerateSection = bind_record(item, GenerateSection, given)
    return generate if generate.seed is not None else replace(generate, seed=seed)
