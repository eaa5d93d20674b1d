"""The C++ text of an adder graph -> AdderGraph, strictly: one known form per statement.

The forms are those of da4ml's code generator, and of hls4ml where it puts a quantiser before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from trigger.errors import FormatError, NetworkError
from trigger.fixed import FixedFormat, from_values
from trigger.layers.adder_graph import MOST_SHIFT, AdderGraph, Kind, Operation, Term

_HEAD = re.compile(
    r"\bvoid\s+(\w+)\s*\(\s*\w+\s+(model_inp|inp)\s*\[\s*(\d+)\s*\]\s*,"
    r"\s*\w+\s+(model_out|out)\s*\[\s*(\d+)\s*\]\s*\)\s*\{"
)
_ELEMENT = re.compile(r"\bmodel_inp\s*\[\s*(\d+)\s*\]")
_NOT_CODE = re.compile(r"//[^\n]*|/\*.*?\*/|^[ \t]*#[^\n]*", re.DOTALL | re.MULTILINE)
_TYPE = r"ap_u?fixed\s*<[^<>]*>"
_VARIABLE = r"(?:bit_shift\s*<\s*-?\d+\s*>\s*\(\s*[a-z_]\w*\s*\)|[a-z_]\w*)"
_TERM = rf"-?\s*{_VARIABLE}"
_NUMBER = r"-?\d+(?:\.\d*)?(?:e[-+]?\d+)?"
_ASSIGNMENT = re.compile(rf"({_TYPE})\s+([a-z_]\w*)\s*=\s*(.+)", re.DOTALL)
_COPY = re.compile(rf"{_TYPE}\s+[a-z_]\w*\s*=\s*{_ELEMENT.pattern}")
_OUTPUT = re.compile(r"model_out\s*\[\s*(\d+)\s*\]\s*=\s*(.+)", re.DOTALL)
_ADDEND = rf"(?:{_TYPE}\s*\(\s*{_NUMBER}\s*\)|{_VARIABLE})"
_SUM = re.compile(rf"-?\s*{_ADDEND}(?:\s*[-+]\s*{_ADDEND})*")
_PART = re.compile(rf"([-+]?)\s*(?:({_TYPE})\s*\(\s*({_NUMBER})\s*\)|({_VARIABLE}))")
_SHIFTED = re.compile(r"(-?)\s*(?:bit_shift\s*<\s*(-?\d+)\s*>\s*\(\s*(\w+)\s*\)|(\w+))")


def read_adders(
    text: str,
    where: object = "adder graph",
    line: int = 1,
    source: FixedFormat | None = None,
) -> AdderGraph:
    """Return the graph of one generated function.

    Code of hls4ml's first versions with this strategy calls its arrays ``inp`` and ``out``, and
    takes elements of the input within sums.

    Args:
        text: from its ``void`` to its closing brace, or more.
        where: the file, for errors.
        line: number of the text's first line in it.
        source: format of the input, for elements that are taken as they are.

    Raises:
        NetworkError: a statement of another form, with file and line.
    """
    code = _NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    head = _HEAD.search(code)
    end = code.find("}", head.end()) if head else -1
    if head is None or end < 0:
        raise NetworkError(
            "no function of shifts and adds stands here",
            where=f"{where}:{line}",
            allowed="void name(inp_t model_inp[N], out_t model_out[M]) { ... }",
        )
    for name, whole in ((head[2], "model_inp"), (head[4], "model_out")):
        body = re.sub(rf"\b{name}(?=\s*\[)", whole, code[head.end() : end])
        code, end = code[: head.end()] + body, head.end() + len(body)
    reading = _Reading(where, int(head[3]), int(head[5]), source)
    for start, statement in _statements(code, head.end(), end):
        reading.line = line + code.count("\n", 0, start)
        reading.statement(statement)
    reading.line = line + code.count("\n", 0, end)
    return reading.graph()


def _statements(code: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Yield the position and text of each statement; the last may lack its semicolon."""
    for match in re.compile(r"[^\s;][^;]*").finditer(code, start, end):
        yield match.start(), match.group().strip()


@dataclass
class _Reading:
    """What has been read of a function's body so far."""

    where: object
    inputs: int
    outputs: int
    source: FixedFormat | None
    line: int = 0
    operations: list[Operation] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    """Place of the operation that fills each variable."""
    leaving: dict[int, int] = field(default_factory=dict)

    def refuse(self, problem: str, allowed: str = "") -> NetworkError:
        return NetworkError(problem, where=f"{self.where}:{self.line}", allowed=allowed)

    def graph(self) -> AdderGraph:
        missing = [output for output in range(self.outputs) if output not in self.leaving]
        if missing or len(self.leaving) > self.outputs:
            raise self.refuse(
                f"model_out has {self.outputs} elements, {len(self.leaving)} are filled",
                "each of them once",
            )
        leaving = tuple(self.leaving[output] for output in range(self.outputs))
        return AdderGraph(self.inputs, tuple(self.operations), leaving)

    def element(self, match: re.Match[str]) -> str:
        """Return the variable that an element of the input is, which none was copied to."""
        name = f"model_inp_{match[1]}"
        if self.source is not None and name not in self.places:
            operation = Operation(Kind.INPUT, self.source.grid, (), int(match[1]))
            self.places[name] = self.add(operation)
        return name if self.source is not None else match[0]

    def statement(self, text: str) -> None:
        if _COPY.fullmatch(text) is None:
            text = _ELEMENT.sub(self.element, text)
        if match := _OUTPUT.fullmatch(text):
            output = int(match[1])
            if output in self.leaving:
                raise self.refuse(f"model_out[{output}] is filled twice", "once")
            self.leaving[output] = self.output(match[2].strip())
            return
        match = _ASSIGNMENT.fullmatch(text)
        if match is None:
            raise self.not_understood(text)
        form = self.format(match[1])
        place = self.assign(form, match[3].strip())
        if match[2] in self.places:
            raise self.refuse(f"{match[2]} is declared twice", "once")
        self.places[match[2]] = place

    def not_understood(self, text: str) -> NetworkError:
        return self.refuse(
            f"cannot understand {' '.join(text.split())!r}",
            "model_inp[i], a, -a, a + b, a - b, a * b, a number, "
            "a > 0 ? T(a) : T(0), a[top] ? T(b) : T(c), with bit_shift<n>(a) for each",
        )

    def format(self, text: str) -> FixedFormat:
        try:
            return FixedFormat.parse(text)
        except FormatError as error:
            raise self.refuse(error.problem, error.allowed) from None

    def add(self, operation: Operation) -> int:
        """Append an operation and return its place."""
        if operation.kind is Kind.INPUT and operation.number >= self.inputs:
            raise self.refuse(
                f"model_inp[{operation.number}] is read", f"model_inp[0] to [{self.inputs - 1}]"
            )
        self.operations.append(operation)
        return len(self.operations) - 1

    def output(self, text: str) -> int:
        """Return the place of what leaves: a variable, or a term in a format of its own."""
        if re.fullmatch(r"[a-z_]\w*", text):
            return self.term(text).operation
        if text == "0":
            return self.constant(FixedFormat(1, 0, False), "0")
        match = re.fullmatch(rf"({_TYPE})\s*\(\s*({_TERM})\s*\)", text)
        if match is None:
            raise self.not_understood(f"model_out = {text}")
        return self.add(Operation(Kind.SUM, self.format(match[1]), (self.term(match[2]),)))

    def assign(self, form: FixedFormat, text: str) -> int:
        """Return the place of the operation that an expression stands for."""
        for pattern, make in _FORMS:
            if match := pattern.fullmatch(text):
                return make(self, form, match)
        terms = self.sum(text)
        return self.add(Operation(Kind.SUM, form, terms))

    def sum(self, text: str) -> tuple[Term, ...]:
        if _SUM.fullmatch(text) is None:
            raise self.not_understood(text)
        terms = []
        for sign, form, number, variable in _PART.findall(text):
            term = (
                self.term(variable) if variable else Term(self.constant(self.format(form), number))
            )
            terms.append(Term(term.operation, term.shift, sign == "-"))
        return tuple(terms)

    def term(self, text: str) -> Term:
        match = _SHIFTED.fullmatch(text.strip())
        assert match is not None
        name = match[3] or match[4]
        if name not in self.places:
            raise self.refuse(f"{name} is not declared before", ", ".join(self.places) or "nothing")
        shift = int(match[2] or 0)
        if abs(shift) > MOST_SHIFT:
            raise self.refuse(f"{name} shifts by {shift}", f"at most {MOST_SHIFT} places")
        return Term(self.places[name], shift, bool(match[1]))

    def constant(self, form: FixedFormat, number: str) -> int:
        try:
            raw = int(from_values(float(number), form))
        except FormatError as error:
            raise self.refuse(error.problem, error.allowed) from None
        return self.add(Operation(Kind.CONSTANT, form.grid, (), raw))


def _input(reading: _Reading, form: FixedFormat, match: re.Match[str]) -> int:
    return reading.add(Operation(Kind.INPUT, form, (), int(match[1])))


def _constant(reading: _Reading, form: FixedFormat, match: re.Match[str]) -> int:
    return reading.constant(form, match.group())


def _relu(reading: _Reading, form: FixedFormat, match: re.Match[str]) -> int:
    asked, kept, other = (match[place].strip() for place in (1, 3, 5))
    formats = {reading.format(match[2]), reading.format(match[4])}
    if other == "0" and kept == asked:
        term = reading.term(kept)
    elif kept == "0" and other.startswith("-") and other[1:].strip() == asked:
        term = reading.term(other)
    else:
        raise reading.not_understood(match.group())
    if formats != {form} or asked.startswith("-"):
        raise reading.not_understood(match.group())
    return reading.add(Operation(Kind.RELU, form, (term,)))


def _select(reading: _Reading, form: FixedFormat, match: re.Match[str]) -> int:
    asked = reading.term(match[1])
    top = reading.operations[asked.operation].format.width - 1
    if int(match[2]) != top:
        raise reading.refuse(f"bit {match[2]} of {match[1]} is asked", f"the highest, {top}")
    if {reading.format(match[3]), reading.format(match[5])} != {form}:
        raise reading.not_understood(match.group())
    zero = FixedFormat(1, 0, False)
    choices = [
        Term(reading.constant(zero, "0")) if text in ("0", "-0") else reading.term(text)
        for text in (match[4].strip(), match[6].strip())
    ]
    return reading.add(Operation(Kind.SELECT, form, (asked, *choices)))


def _product(reading: _Reading, form: FixedFormat, match: re.Match[str]) -> int:
    terms = (reading.term(match[1]), reading.term(match[2]))
    return reading.add(Operation(Kind.PRODUCT, form, terms))


_CHOICE = rf"({_TYPE})\s*\(\s*({_TERM}|-?0)\s*\)"
_FORMS: tuple[
    tuple[re.Pattern[str], Callable[[_Reading, FixedFormat, re.Match[str]], int]], ...
] = (
    (re.compile(r"model_inp\s*\[\s*(\d+)\s*\]"), _input),
    (re.compile(_NUMBER), _constant),
    (re.compile(rf"({_TERM})\s*>\s*0\s*\?\s*{_CHOICE}\s*:\s*{_CHOICE}"), _relu),
    (re.compile(rf"(\w+)\s*\[\s*(\d+)\s*\]\s*\?\s*{_CHOICE}\s*:\s*{_CHOICE}"), _select),
    (re.compile(rf"({_TERM})\s*\*\s*({_TERM})"), _product),
)
"""Forms of an expression, each with what makes its operation; any other must be a sum."""
