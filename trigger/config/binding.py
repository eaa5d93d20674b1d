"""Bind YAML to frozen dataclasses: a key is a field, the field's type says what it may hold."""

from __future__ import annotations

import contextlib
import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from trigger.errors import DesignError, TriggerError, did_you_mean
from trigger.fixed import FixedFormat

_TEXT = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A place in a YAML file: the node and the keys that lead to it."""

    node: yaml.Node
    keys: tuple[str, ...] = ()

    @property
    def file(self) -> Path:
        """The file that it was written in."""
        return Path(self.node.start_mark.name)

    @property
    def where(self) -> str:
        """File, line and key, as error texts name them."""
        place = f"{self.file}, line {self.node.start_mark.line + 1}"
        return f"{place}, {'.'.join(self.keys)}" if self.keys else place

    @property
    def is_null(self) -> bool:
        """True for a key without a value."""
        return bool(self.node.tag == "tag:yaml.org,2002:null")

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    def error(self, problem: str, allowed: str = "", remedy: str = "") -> DesignError:
        """Return an error that names this place."""
        return DesignError(problem, where=self.where, allowed=allowed, remedy=remedy)

    def mapping(self) -> dict[str, Item]:
        """Return the entries by key; raises DesignError where this is no mapping."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"{self._shown()} stands here", allowed="a block of `key: value`")
        return {
            str(key.value): Item(value, (*self.keys, str(key.value)))
            for key, value in self.node.value
        }

    def sequence(self) -> list[Item]:
        """Return the entries of a list; raises DesignError where this is none."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error(f"{self._shown()} stands here", allowed="a list")
        return [
            Item(node, (*self.keys[:-1], f"{self.keys[-1]}[{index}]"))
            for index, node in enumerate(self.node.value)
        ]

    def plain(self) -> Any:
        """Return what YAML says: text, numbers, true or false, null, lists and dictionaries."""
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_object(self.node, deep=True)
        except (yaml.YAMLError, ValueError) as error:
            raise self.error(f"cannot read the value: {error}") from error
        finally:
            loader.dispose()

    def _shown(self) -> str:
        return repr(self.node.value) if isinstance(self.node, yaml.ScalarNode) else "a block"


def read_yaml(path: Path) -> tuple[Item, str]:
    """Return the top of a YAML file, and its text.

    Raises:
        DesignError: no such file, not readable text, or as ``parse_yaml``.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise DesignError(
            f"cannot read the design file: {error.strerror}",
            where=path,
            remedy="name an existing YAML file, such as one of models/",
        ) from error
    except UnicodeDecodeError as error:
        raise DesignError(f"not UTF-8 text: {error}", where=path, allowed="a YAML file") from error
    return parse_yaml(text, path), text


def parse_yaml(text: str, path: Path) -> Item:
    """Return the top of YAML text; ``path`` is where errors say that it stands.

    Raises:
        DesignError: not YAML, empty, several documents, a key twice in one block, or no block of
            keys at the top.
    """
    try:
        loader = yaml.SafeLoader(text)
        loader.name = str(path)
        node = loader.get_single_node()
        if node is None:
            raise DesignError(
                "the file is empty", where=path, allowed="name, input, model, hls, ..."
            )
        top = Item(node)
        _refuse_twins(top)
    except RecursionError as error:
        raise DesignError(
            "blocks are nested too deeply, or in themselves", where=path, allowed="a design file"
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error)
        raise DesignError(f"not YAML: {problem}", where=where, allowed="one document") from error
    top.mapping()
    return top


def bind(item: Item, kind: Any) -> Any:
    """Return the value at ``item`` as ``kind``.

    ``kind`` is bool, int, float, str, an Enum (by value), FixedFormat (as ``ap_ufixed<8,0>``), a
    dataclass, ``tuple[X, ...]``, ``Mapping[str, X]``, or one of these ``| None``.

    Raises:
        DesignError: something else stands there, or the dataclass refuses the value.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if item.is_null:
            return None
        (kind,) = (argument for argument in arguments if argument is not type(None))
        return bind(item, kind)
    if origin is tuple:
        return tuple(bind(entry, arguments[0]) for entry in item.sequence())
    if origin is Mapping:
        return {key: bind(entry, arguments[1]) for key, entry in item.mapping().items()}
    if kind is FixedFormat:
        return FixedFormat.parse(bind(item, str), item.where)
    if dataclasses.is_dataclass(kind):
        return bind_record(item, kind)
    if issubclass(kind, Enum):
        return _enum(item, kind)
    return _SCALARS[kind](item)


def bind_record(
    item: Item, kind: Any, given: Mapping[str, Any] = types.MappingProxyType({})
) -> Any:
    """Return a dataclass from a block; ``given`` fields have been read or set by the caller.

    Raises:
        DesignError: unknown or missing keys, or as :func:`bind`.
    """
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    entries = item.mapping()
    refuse_unknown(item, fields)
    values = {
        name: bind(entry, hints[name]) for name, entry in entries.items() if name not in given
    }
    for name, field in fields.items():
        needed = field.default is field.default_factory is dataclasses.MISSING
        if needed and name not in values and name not in given:
            raise item.error(f"the key {name} is missing", allowed=", ".join(fields))
    try:
        return kind(**values, **given)
    except TriggerError as error:
        # The record knows what is wrong, this place knows where it was written.
        raise type(error)(
            f"{error.where}: {error.problem}" if entries else error.problem,
            where=item.where,
            allowed=error.allowed,
            remedy=error.remedy,
        ) from error


def refuse_unknown(item: Item, allowed: Mapping[str, Any] | list[str]) -> None:
    """Raise DesignError for the first key of a block that is not among ``allowed``."""
    for name, entry in item.mapping().items():
        if name not in allowed:
            raise entry.error(
                f"unknown key {name}",
                allowed=", ".join(allowed),
                remedy=did_you_mean(name, list(allowed)),
            )


def _refuse_twins(item: Item) -> None:
    """Raise where a block says a key twice; YAML itself would take the last one."""
    if isinstance(item.node, yaml.SequenceNode):
        for node in item.node.value:
            _refuse_twins(Item(node, item.keys))
    if isinstance(item.node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in item.node.value:
            name = str(key.value)
            place = Item(key, (*item.keys, name))
            if name in seen:
                raise place.error(f"the key {name} stands twice in one block")
            seen.add(name)
            _refuse_twins(Item(value, place.keys))


def _enum(item: Item, kind: type[Enum]) -> Enum:
    words = {str(member.value).lower(): member for member in kind}
    text = bind(item, str).lower()
    if text not in words:
        raise item.error(
            f"{text!r} is unknown",
            allowed=", ".join(str(member.value) for member in kind),
            remedy=did_you_mean(text, list(words)),
        )
    return words[text]


def _text(item: Item) -> str:
    if not isinstance(item.node, yaml.ScalarNode) or item.is_null:
        raise item.error("no text stands here", allowed="text")
    if item.node.tag != _TEXT and item.node.style is None and item.node.tag.endswith(":bool"):
        raise item.error(f"{item.node.value} is true or false in YAML", allowed="text in quotes")
    return str(item.node.value)


def _of_type(kinds: tuple[type, ...], allowed: str) -> Callable[[Item], Any]:
    """Return a reader of plain values of exactly these types."""

    def read(item: Item) -> Any:
        value = item.plain()
        if type(value) not in kinds:
            raise item.error(f"{value!r} stands here", allowed=allowed)
        return value

    return read


def _number(item: Item) -> float:
    value = item.plain()
    if isinstance(value, str):
        # YAML 1.1 reads 1e-3 as text, for want of a point.
        with contextlib.suppress(ValueError):
            value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise item.error(f"{value!r} stands here", allowed="a number")
    return float(value)


_SCALARS: Mapping[type, Callable[[Item], Any]] = types.MappingProxyType(
    {
        str: _text,
        bool: _of_type((bool,), "true or false"),
        int: _of_type((int,), "a whole number"),
        float: _number,
    }
)
