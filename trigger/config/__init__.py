"""The design file (YAML) becomes frozen, checked records; the only reader of user configuration."""

from trigger.config.load import load_design
from trigger.config.sections import (
    DesignFile,
    EventSource,
    EventsSection,
    GenerateSection,
    InputSection,
    TriggerSection,
)

__all__ = [
    "DesignFile",
    "EventSource",
    "EventsSection",
    "GenerateSection",
    "InputSection",
    "TriggerSection",
    "load_design",
]
