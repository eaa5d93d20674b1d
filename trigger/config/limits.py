"""What the command line says of a design: limits of its budget, io types, ways to prune."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from enum import Enum
from typing import TypeVar

from trigger.budget import RESOURCES, Budget
from trigger.design import IOType
from trigger.errors import DesignError, did_you_mean
from trigger.training.spec import PruningStructure

_Kind = TypeVar("_Kind", bound=Enum)


def change_budget(budget: Budget, changes: Sequence[str]) -> Budget:
    """Return a budget after changes such as ``latency_ns=800``, ``per_slr.lut=0.3``, ``dsp=``.

    Raises:
        DesignError: a change that names no limit, or no number that the limit may have.
    """
    for change in changes:
        name, equals, text = change.partition("=")
        section, _, key = name.partition(".")
        known = [field.name for field in fields(Budget)]
        where = f"--budget {change}"
        if section not in known or not equals:
            names = [each for each in known if not isinstance(getattr(budget, each), Mapping)]
            names += [f"{scope}.{each}" for scope in ("device", "per_slr") for each in RESOURCES]
            raise DesignError(
                f"{name} is no limit" if equals else "there is no =",
                where=where,
                allowed="LIMIT=NUMBER with " + ", ".join(names),
                remedy=did_you_mean(name, names),
            )
        value = _number(text, where)
        old = getattr(budget, section)
        if isinstance(old, Mapping):
            kept = {each: limit for each, limit in old.items() if each != key}
            value_there = {} if value is None else {key: value}
            budget = replace(budget, **{section: {**kept, **value_there}})
        else:
            given = getattr(Budget(), section) if value is None else value
            budget = replace(budget, **{section: given})
    return budget


def _number(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError as error:
        raise DesignError(f"{text!r} is no number", where=where, allowed="a number") from error
    return int(number) if number.is_integer() else number


def read_io_types(names: Sequence[str]) -> tuple[IOType, ...]:
    """Return io types by hls4ml's names.

    Raises:
        DesignError: there is no such io type.
    """
    return _members(IOType, names, "io type", "--io-type")


def read_structures(names: Sequence[str]) -> tuple[PruningStructure, ...]:
    """Return what may become zero together, by the words of a design file.

    Raises:
        DesignError: there is no such structure.
    """
    return _members(PruningStructure, names, "structure", "--structure")


def _members(kind: type[_Kind], names: Sequence[str], what: str, where: str) -> tuple[_Kind, ...]:
    known = {str(member.value): member for member in kind}
    for name in names:
        if name not in known:
            raise DesignError(
                f"{name} is no {what}",
                where=where,
                allowed=", ".join(known),
                remedy=did_you_mean(name, known),
            )
    return tuple(known[name] for name in names)
