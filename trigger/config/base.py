"""Designs that say only in what they differ from another: ``base: other.yaml``, then changes.

A block changes the base's block key by key, an empty value takes a section or choice away, anything
else takes the base's place. The list of layers can be changed as a block too, by layer name:

    base: jpsi_dilepton.yaml
    name: jpsi_dilepton_binary
    input: {encoding: binary, format: "ap_ufixed<1,1>"}
    model: {layers: {relu1: {activation: "quantized_relu(1, 1)"}}}
"""

from __future__ import annotations

from pathlib import Path

import yaml

from trigger.config.binding import Item, bind, read_yaml

_BLOCK = "tag:yaml.org,2002:map"
_Pair = tuple[yaml.Node, yaml.Node]


def read_design(path: Path, above: tuple[Path, ...] = ()) -> tuple[Item, str]:
    """Return the top of a design file, merged with its base, and the text of the whole.

    Each value still knows the file and line that it was written in.

    Args:
        above: designs whose base this is, directly or through others.

    Raises:
        DesignError: as ``read_yaml``, of the file or its base; a design that is its own base, has
            no name of its own, or changes a layer that the base does not have.
    """
    top, text = read_yaml(path)
    entries = top.mapping()
    if "base" not in entries:
        return top, text
    place = entries["base"]
    other = path.parent / bind(place, str)
    above = (*above, path.resolve())
    if other.resolve() in above:
        raise place.error(f"{other.name} is its own base", allowed="a design without this one")
    if "name" not in entries:
        raise top.error("the key name is missing", allowed="a name of its own beside base")
    below, _ = read_design(other, above)
    changes = [(key, value) for key, value in top.node.value if key.value != "base"]
    merged = Item(_merge(below, Item(_block(changes, top, top))))
    # no line is broken, so that the text stays in the form in which it was written
    whole = yaml.serialize(merged.node, Dumper=yaml.SafeDumper, width=float("inf"))
    return merged, f"# {path.name} on {other.name}, put together\n{whole}"


def _merge(base: Item, change: Item) -> yaml.Node:
    if change.is_mapping and isinstance(base.node, yaml.SequenceNode):
        return _merge_layers(base, change)
    if not (change.is_mapping and base.is_mapping):
        return change.node
    olds, news = base.mapping(), change.mapping()
    keys = {str(key.value): key for node in (base.node, change.node) for key, _ in node.value}
    pairs = []
    for name, key in keys.items():
        if name not in news:
            pairs.append((key, olds[name].node))
        elif not news[name].is_null:
            both = name in olds
            pairs.append((key, _merge(olds[name], news[name]) if both else news[name].node))
    return _block(pairs, change, base)


def _merge_layers(base: Item, change: Item) -> yaml.Node:
    """Return the base's layers, ``- Class: {name: ..., ...}`` each, with changed options."""
    layers = {_name(entry): entry for entry in base.sequence()}
    if None in layers:
        raise change.error("a block stands where the base has a list", allowed="a list")
    changes = change.mapping()
    for name, each in changes.items():
        if name not in layers:
            raise each.error(f"the base has no layer {name}", allowed=", ".join(map(str, layers)))
    nodes = [
        _merge(entry, _as_entry(entry, changes[name])) if name in changes else entry.node
        for name, entry in layers.items()
    ]
    marks = change.node.start_mark, change.node.end_mark
    return yaml.SequenceNode(base.node.tag, nodes, *marks, flow_style=_is_flow(base))


def _name(entry: Item) -> str | None:
    """Return the name of an entry of the list of layers; None where it is another kind of list."""
    options = list(entry.mapping().values()) if entry.is_mapping else []
    if len(options) != 1 or not options[0].is_mapping or "name" not in options[0].mapping():
        return None
    return str(options[0].mapping()["name"].plain())


def _as_entry(entry: Item, options: Item) -> Item:
    """Return changed options of a layer as an entry of the list has them, below its class."""
    ((key, _),) = entry.node.value
    return Item(_block([(key, options.node)], options, entry), options.keys)


def _block(pairs: list[_Pair], place: Item, form: Item) -> yaml.MappingNode:
    """Return a block of these pairs that stands at ``place``, written in the form of another."""
    marks = place.node.start_mark, place.node.end_mark
    return yaml.MappingNode(_BLOCK, pairs, *marks, flow_style=_is_flow(form))


def _is_flow(item: Item) -> bool | None:
    """Return whether a block or list stands within braces."""
    return item.node.flow_style if isinstance(item.node, yaml.CollectionNode) else None
