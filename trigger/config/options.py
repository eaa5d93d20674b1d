"""Options of a generator as a command line gives them, ``name=value``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trigger.config.binding import bind, parse_yaml
from trigger.errors import DesignError
from trigger.events import SOURCES, EventSource


def read_options(source: EventSource, pairs: Sequence[str]) -> Any:
    """Return the generator's choices; values are written as in a design file.

    Raises:
        DesignError: no ``=``, an unknown name, or a value that is not allowed.
    """
    kind = SOURCES[source].options
    for pair in pairs:
        if "=" not in pair:
            raise DesignError(f"{pair!r} stands there", where="--option", allowed="name=value")
    if not pairs:
        return kind()
    text = "\n".join(pair.replace("=", ": ", 1) for pair in pairs)
    return bind(parse_yaml(text, Path("--option")), kind)
