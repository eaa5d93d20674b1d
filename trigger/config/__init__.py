"""The design file (YAML) becomes frozen, checked records; the only reader of user configuration."""

from trigger.config.input import load_contract
from trigger.config.load import load_design
from trigger.config.options import read_options
from trigger.config.sections import DesignFile, EventsSection, GenerateSection, TriggerSection
from trigger.config.task import load_output

__all__ = [
    "DesignFile",
    "EventsSection",
    "GenerateSection",
    "TriggerSection",
    "load_contract",
    "load_design",
    "load_output",
    "read_options",
]
