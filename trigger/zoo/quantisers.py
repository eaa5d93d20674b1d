"""Quantisers as QKeras spells them, read without evaluating text, and what keeps them bit-exact."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from trigger.errors import DesignError, did_you_mean
from trigger.fixed import FixedFormat, Overflow, Rounding

Argument = bool | int | float


class Role(Enum):
    """Where a quantiser stands; the value is the word in error texts."""

    WEIGHT = "a weight quantiser"
    ACTIVATION = "an activation quantiser"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a quantiser."""

    name: str
    allowed: tuple[Argument, ...] | None = None
    """The only values that firmware computes bit for bit; None is any integer."""


@dataclass(frozen=True, slots=True)
class QuantiserKind:
    """A quantiser of QKeras that hls4ml converts exactly."""

    roles: frozenset[Role]
    parameters: tuple[Parameter, ...]
    """In the order of the QKeras constructor."""
    twin: str
    """Keras activation that stands in its place in the float twin."""


@dataclass(frozen=True, slots=True)
class Quantiser:
    """A quantiser with its arguments; ``str`` spells it for QKeras."""

    name: str
    arguments: Mapping[str, Argument]

    def __str__(self) -> str:
        inner = ",".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.name}({inner})"

    @property
    def result(self) -> FixedFormat | None:
        """The format that it rounds to, nearest and ties to even, and clips; None of a function."""
        bits, integer = int(self.arguments.get("bits", 8)), int(self.arguments.get("integer", 0))
        rules = (Rounding.RND_CONV, Overflow.SAT)
        if self.name == "quantized_relu":
            return FixedFormat(bits, integer, False, *rules)
        if self.name == "quantized_bits":
            return FixedFormat(bits, integer + 1, True, *rules)
        return None

    @property
    def fewest_bits(self) -> int | None:
        """The width that leaves its range and one bit below it; None if no width is chosen."""
        if self.result is None:
            return None
        return int(self.result.signed) + int(self.arguments.get("integer", 0)) + 1

    def with_bits(self, bits: int) -> Quantiser:
        """Return it with so many bits and the same range."""
        return replace(self, arguments={**self.arguments, "bits": bits})

    @property
    def twin(self) -> str:
        """The Keras activation of the same place in the float twin."""
        return QUANTISERS[self.name].twin


_BOTH = frozenset(Role)
_WEIGHT = frozenset({Role.WEIGHT})
_ACTIVATION = frozenset({Role.ACTIVATION})
_NO = (False, 0)
_ONE = (1, 1.0)

QUANTISERS: Mapping[str, QuantiserKind] = MappingProxyType(
    {
        "quantized_bits": QuantiserKind(
            _BOTH,
            (
                Parameter("bits"),
                Parameter("integer"),
                Parameter("symmetric", (0, 1, False, True)),
                Parameter("keep_negative", (True, 1)),
                Parameter("alpha", _ONE),
                Parameter("use_stochastic_rounding", _NO),
            ),
            "linear",
        ),
        "quantized_relu": QuantiserKind(
            _ACTIVATION,
            (
                Parameter("bits"),
                Parameter("integer"),
                Parameter("use_sigmoid", _NO),
                Parameter("negative_slope", (0, 0.0)),
                Parameter("use_stochastic_rounding", _NO),
            ),
            "relu",
        ),
        "quantized_tanh": QuantiserKind(
            _ACTIVATION,
            (
                Parameter("bits"),
                Parameter("use_stochastic_rounding", _NO),
                Parameter("symmetric", _NO),
                Parameter("use_real_tanh", (False, True, 0, 1)),
            ),
            "tanh",
        ),
        "quantized_sigmoid": QuantiserKind(
            _ACTIVATION,
            (
                Parameter("bits"),
                Parameter("symmetric", _NO),
                Parameter("use_real_sigmoid", (False, True, 0, 1)),
                Parameter("use_stochastic_rounding", _NO),
            ),
            "sigmoid",
        ),
        "binary": QuantiserKind(
            _WEIGHT, (Parameter("use_01", _NO), Parameter("alpha", _ONE)), "linear"
        ),
        "ternary": QuantiserKind(_WEIGHT, (Parameter("alpha", _ONE),), "linear"),
    }
)
"""Every quantiser a design may name."""


def parse_quantiser(text: object, role: Role, where: object) -> Quantiser:
    """Read ``quantized_bits(6, 0, alpha=1)``.

    A weight quantiser must say ``alpha=1``: without it QKeras scales every channel by a power of
    two of its own, which is not in the fixed-point format that firmware stores.

    Raises:
        DesignError: not a call, an unknown quantiser or argument, a value that firmware would not
            compute bit for bit, or a quantiser in the wrong place.
    """
    example = f"{role.value} such as quantized_bits(6, 0, alpha=1)"
    if not isinstance(text, str):
        raise DesignError(f"{text!r} is not a quantiser", where=where, allowed=example)
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        call = None
    if isinstance(call, ast.Name):
        call = ast.Call(func=call, args=[], keywords=[])
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        raise DesignError(f"cannot read the quantiser {text!r}", where=where, allowed=example)
    kind = QUANTISERS.get(call.func.id)
    if kind is None or role not in kind.roles:
        names = sorted(name for name, kind in QUANTISERS.items() if role in kind.roles)
        problem = "unknown" if kind is None else f"not {role.value}"
        raise DesignError(
            f"{call.func.id} is {problem}",
            where=where,
            allowed=", ".join(names),
            remedy=did_you_mean(call.func.id, names),
        )
    arguments = _arguments(call, kind, where, text)
    _check(call.func.id, kind, arguments, role, where)
    return Quantiser(call.func.id, MappingProxyType(arguments))


def _arguments(
    call: ast.Call, kind: QuantiserKind, where: object, text: str
) -> dict[str, Argument]:
    """Return the arguments of a call by name; positions follow the kind's parameters."""
    names = [parameter.name for parameter in kind.parameters]
    given: list[tuple[str, ast.expr]] = []
    for position, node in enumerate(call.args):
        if position >= len(names):
            raise DesignError(
                f"{text!r} has too many arguments", where=where, allowed=", ".join(names)
            )
        given.append((names[position], node))
    given += [(keyword.arg or "**", keyword.value) for keyword in call.keywords]
    arguments: dict[str, Argument] = {}
    for name, node in given:
        if name not in names:
            raise DesignError(
                f"{text!r} has an unknown argument {name}",
                where=where,
                allowed=", ".join(names),
                remedy=did_you_mean(name, names),
            )
        if name in arguments:
            raise DesignError(f"{text!r} gives {name} twice", where=where)
        try:
            value = ast.literal_eval(node)
        except ValueError:
            value = ast.unparse(node)
        if value is None:
            continue  # QKeras's own word for "not given"
        arguments[name] = value
    return arguments


def _check(
    name: str,
    kind: QuantiserKind,
    arguments: dict[str, Argument],
    role: Role,
    where: object,
) -> None:
    """Raise where firmware would not compute what the quantiser does."""
    allowed = {parameter.name: parameter.allowed for parameter in kind.parameters}
    for argument, value in arguments.items():
        values = allowed[argument]
        if argument == "alpha" and value not in _ONE:
            raise _alpha_error(name, value, where)
        if values is None and (isinstance(value, bool) or not isinstance(value, int)):
            raise DesignError(f"{argument} is {value!r}", where=where, allowed="an integer")
        if values is not None and value not in values:
            words = " or ".join(str(item) for item in values if isinstance(item, bool)) or values[0]
            raise DesignError(
                f"{argument} is {value!r}, which firmware cannot reproduce bit for bit",
                where=where,
                allowed=f"{argument}={words}",
            )
    if "alpha" in allowed and role is Role.WEIGHT and "alpha" not in arguments:
        raise _alpha_error(name, "not given (QKeras then takes 'auto_po2')", where)
    if role is Role.ACTIVATION and arguments.get("symmetric"):
        raise DesignError(
            "symmetric is set, but firmware clips an activation to the full two's-complement range",
            where=where,
            allowed="symmetric=0",
        )
    if any(parameter.name == "bits" for parameter in kind.parameters):
        bits = arguments.setdefault("bits", 8)
        if not 1 <= bits <= 32:
            raise DesignError(f"bits is {bits}", where=where, allowed="1 to 32")


def _alpha_error(name: str, value: object, where: object) -> DesignError:
    return DesignError(
        f"alpha of {name} is {value}",
        where=where,
        allowed="alpha=1",
        remedy="write alpha=1; for a fixed scale of 2^k add k to `integer` instead",
    )
