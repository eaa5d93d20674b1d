"""The ``input`` block, and the recorded contract of the same keys."""

from __future__ import annotations

from pathlib import Path

from trigger.config.binding import Item, bind, bind_record, read_yaml
from trigger.events import SOURCES, EventSource
from trigger.images import ENCODERS, Encoding, InputContract


def read_contract(item: Item) -> InputContract:
    """Return the contract; its encoding decides which keys there are.

    Raises:
        DesignError: unknown or missing keys, or values of another type.
        ImageError: what makes no image.
    """
    entries = item.mapping()
    if "encoding" not in entries:
        raise item.error(
            "the key encoding is missing", allowed=", ".join(each.value for each in Encoding)
        )
    encoding = bind(entries["encoding"], Encoding)
    contract: InputContract = bind_record(item, ENCODERS[encoding].contract)
    return contract


def load_contract(path: Path) -> InputContract:
    """Read an ``input_contract.json``, whose scale must be known.

    Raises:
        DesignError, ImageError: the file cannot be read, or as ``read_contract``.
    """
    item, _ = read_yaml(path)  # JSON is YAML
    contract = read_contract(item)
    if contract.scale is None:
        raise item.error("the scale is missing", allowed="a whole number, 1 or more")
    return contract


def check_drawn(item: Item, contract: InputContract, source: EventSource) -> None:
    """Raise DesignError where the encoding draws another kind of event than the source gives."""
    drawn = SOURCES[source].batch
    if ENCODERS[contract.encoding].batch is not drawn:
        raise item.error(
            f"{contract.encoding.value} does not draw events of {source.value}",
            allowed=", ".join(
                each.value for each, encoder in ENCODERS.items() if encoder.batch is drawn
            ),
        )
