"""Records to JSON data and back, both read from the type annotations.

A record becomes an object with one key per field, and one per property in ``DERIVED``, which
readers of the JSON want but which the record computes. Reading is strict: unknown and missing
keys, numbers of another kind and derived values that contradict the fields are errors that name
their place.
"""

from __future__ import annotations

import dataclasses
import sys
import types
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from trigger.budget import Check, Outcome, Verdict
from trigger.errors import ReportError
from trigger.report.figures import Line, Spread
from trigger.report.rivals import Claim

SCHEMA_NAME = "trigger-report-1"
"""Changes its number when a reader of the old form would misread the new one."""

DERIVED: dict[type, dict[str, Any]] = {
    Verdict: {"outcome": Outcome},
    Check: {"margin": float | None},
    Spread: {"mean": float, "deviation": float | None},
    Line: {"kept": int | None},
    Claim: {"equal": bool, "outcome": Outcome},
}
"""Properties that are written beside the fields, with their types."""

SCALARS = (bool, int, float, str)
_LARGEST = sys.float_info.max
"""Of numbers: no integer that a page cannot draw."""


def encode(value: object, hint: Any, where: str) -> Any:
    """Return ``value``, which must be of the annotated type ``hint``, as JSON data.

    Raises:
        ReportError: a value of another type, such as a NumPy integer, or a number that is not
            finite.
    """
    if dataclasses.is_dataclass(hint):
        if type(value) is not hint:
            raise _wrong(value, hint, where)
        return {
            name: encode(getattr(value, name), kind, f"{where}.{name}")
            for name, kind in members_of(hint).items()
        }
    if is_enum(hint):
        if not isinstance(value, hint):
            raise _wrong(value, hint, where)
        return value.value
    if get_origin(hint) is tuple:
        if not isinstance(value, tuple):
            raise _wrong(value, hint, where)
        kinds = _item_kinds(hint, len(value), where)
        return [
            encode(item, kind, f"{where}[{index}]")
            for index, (item, kind) in enumerate(zip(value, kinds, strict=True))
        ]
    return _through_choice(encode, value, hint, where)


def decode(data: object, hint: Any, where: str) -> Any:
    """Return JSON data as a value of the annotated type ``hint``.

    Raises:
        ReportError: data of another form; the text names the place and what is allowed.
    """
    if dataclasses.is_dataclass(hint):
        return _decode_record(data, hint, where)
    if is_enum(hint):
        values = {member.value: member for member in hint}
        if not isinstance(data, str) or data not in values:
            raise ReportError(f"{data!r}", where=where, allowed=", ".join(values))
        return values[data]
    if get_origin(hint) is tuple:
        if not isinstance(data, list):
            raise _wrong(data, hint, where)
        kinds = _item_kinds(hint, len(data), where)
        return tuple(
            decode(item, kind, f"{where}[{index}]")
            for index, (item, kind) in enumerate(zip(data, kinds, strict=True))
        )
    return _through_choice(decode, data, hint, where)


def _decode_record(data: object, record: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise _wrong(data, record, where)
    members = members_of(record)
    unknown, missing = sorted(set(data) - set(members)), sorted(required_of(record) - set(data))
    if unknown or missing:
        problem = [f"unknown key {key!r}" for key in unknown]
        problem += [f"missing key {key!r}" for key in missing]
        raise ReportError("; ".join(problem), where=where, allowed=", ".join(members))
    decoded = {
        name: decode(data[name], kind, f"{where}.{name}")
        for name, kind in members.items()
        if name in data
    }
    derived = {name: decoded.pop(name) for name in DERIVED.get(record, {}) if name in decoded}
    result = record(**decoded)
    for name, value in derived.items():
        if getattr(result, name) != value:
            raise ReportError(
                f"{data[name]!r} contradicts the rest",
                where=f"{where}.{name}",
                allowed=str(getattr(result, name)),
                remedy="make the report again; this file was edited",
            )
    return result


def required_of(record: Any) -> set[str]:
    """Return the keys that must be there; what later versions added has a default."""
    return {
        field.name
        for field in dataclasses.fields(record)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    } | set(DERIVED.get(record, {}))


def _through_choice(step: Any, value: object, hint: Any, where: str) -> Any:
    """Encode or decode a scalar, None, or the one alternative of a union that fits."""
    choices = get_args(hint) if get_origin(hint) in (types.UnionType, Union) else (hint,)
    if value is None and type(None) in choices:
        return None
    scalars = [choice for choice in choices if choice in SCALARS]
    if type(value) is bool:
        fits = bool in scalars
    elif isinstance(value, int) and type(value) is int:
        fits = int in scalars or float in scalars
    elif isinstance(value, float):
        fits = float in scalars
    else:
        fits = isinstance(value, str) and str in scalars
    if fits:
        if isinstance(value, (int, float)) and not -_LARGEST <= value <= _LARGEST:
            raise ReportError(
                f"the number is {value!r:.60}",
                where=where,
                allowed="finite numbers, and whole ones that a float can hold",
                remedy="unknown is None, not NaN or infinity",
            )
        return value
    rest = [choice for choice in choices if choice not in scalars and choice is not type(None)]
    if len(rest) == 1 and value is not None:
        return step(value, rest[0], where)
    raise _wrong(value, hint, where)


@cache
def members_of(record: Any) -> dict[str, Any]:
    """Return the keys of a record's JSON object with their types, in order."""
    hints = get_type_hints(record)
    fields = {field.name: hints[field.name] for field in dataclasses.fields(record)}
    return {**DERIVED.get(record, {}), **fields}


def _item_kinds(hint: Any, length: int, where: str) -> tuple[Any, ...]:
    kinds = get_args(hint)
    if kinds[-1] is Ellipsis:
        return (kinds[0],) * length
    if len(kinds) != length:
        raise ReportError(f"{length} items", where=where, allowed=f"{len(kinds)} items")
    return kinds


def is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Enum)


def _wrong(value: object, hint: Any, where: str) -> ReportError:
    name = getattr(hint, "__name__", "") if isinstance(hint, type) else str(hint)
    kind = f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")
    return ReportError(f"{value!r:.60} is {kind}", where=where, allowed=name)
