"""What the command line changes of a design: limits of its budget, and its io type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from trigger.budget import RESOURCES, Budget
from trigger.design import IOType
from trigger.errors import DesignError, did_you_mean


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
    known = {io_type.value: io_type for io_type in IOType}
    for name in names:
        if name not in known:
            raise DesignError(
                f"{name} is no io type",
                where="--io-type",
                allowed=", ".join(known),
                remedy=did_you_mean(name, known),
            )
    return tuple(known[name] for name in names)
