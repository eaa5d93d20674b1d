"""The types, constants and layer configurations of ``defines.h`` and ``parameters.h``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from trigger.errors import FormatError, ProjectError
from trigger.fixed import FixedFormat
from trigger.project.folder import ProjectFiles, read_text
from trigger.project.top import blank, line_of, matching_brace, split_list

_TYPEDEF = re.compile(r"\btypedef\s+([^;{}]+?)\s+(\w+)\s*;")
_USING = re.compile(r"\busing\s+(\w+)\s*=\s*([^;{}]+?)\s*;")
_CONSTANT = re.compile(
    r"\b(?:static\s+)?(?:const|constexpr)\s+[\w: ]*?(\w+)\s*=\s*([^;{}]+?)\s*;", re.DOTALL
)
_DEFINE = re.compile(r"^[ \t]*#define[ \t]+(\w+)[ \t]+(\S.*?)[ \t]*(?://.*)?$", re.MULTILINE)
_STRUCT = re.compile(r"\bstruct\s+(\w+)\s*(?::\s*([\w:]+)\s*)?\{")
_ARRAY_TYPE = re.compile(r"^nnet::array<(.*),([^<>]*)>$")


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of C++ and where it stands."""

    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Config:
    """A ``struct configN``: the parameters of one layer."""

    name: str
    where: str
    constants: dict[str, Text] = field(default_factory=dict)
    types: dict[str, Text] = field(default_factory=dict)
    """What ``typedef`` and ``using`` name."""


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything that the two header files declare, with the questions that a reader asks."""

    files: ProjectFiles
    types: dict[str, Text]
    constants: dict[str, Text]
    configs: dict[str, Config]

    def format(self, name: str, where: object) -> FixedFormat:
        """Return the fixed-point format behind a type name, of the elements if it is an array.

        Raises:
            ProjectError: the type is not declared, or is not fixed-point.
        """
        text, place = name, str(where)
        for _ in range(len(self.types) + 1):
            squeezed = re.sub(r"\s+", "", text)
            if match := _ARRAY_TYPE.match(squeezed):
                text = match[1]
            elif squeezed in self.types:
                text, place = self.types[squeezed].text, self.types[squeezed].where
            else:
                break
        try:
            return FixedFormat.parse(text, where=place)
        except FormatError as error:
            raise ProjectError(
                f"{name} is {text!r}, not a fixed-point type: {error.problem}",
                where=place,
                allowed="ap_fixed, ap_ufixed, ap_int, ap_uint or nnet::array of these, "
                "declared in defines.h",
            ) from error

    def pack(self, name: str) -> int:
        """Return how many numbers a stream of this type transports at once."""
        text = re.sub(r"\s+", "", self.types[name].text if name in self.types else name)
        match = _ARRAY_TYPE.match(text)
        return self.integer(Text(match[2], name)) if match else 1

    def spelling(self, name: str) -> str:
        """Return what a type name stands for, as it is spelt; the name itself if undeclared."""
        for _ in range(len(self.types) + 1):
            if name not in self.types:
                break
            name = self.types[name].text
        return name

    def config(self, name: str, where: object) -> Config:
        """Return the configuration of that name.

        Raises:
            ProjectError: parameters.h has none.
        """
        if name not in self.configs:
            raise ProjectError(
                f"there is no struct {name} in {self.files.parameters.name}",
                where=where,
                allowed=", ".join(self.configs) or "none",
            )
        return self.configs[name]

    def word(self, config: Config, name: str, default: str | None = None) -> str:
        """Return a constant or type as it is spelt, without ``nnet::`` and the like.

        Raises:
            ProjectError: it is missing and has no default.
        """
        found = config.constants.get(name) or config.types.get(name)
        if found is not None:
            return found.text.split("<")[0].rsplit("::", 1)[-1].strip()
        if default is None:
            raise _missing(config, name)
        return default

    def number(self, config: Config, name: str, default: int | None = None) -> int:
        """Return an integer constant of a configuration.

        Raises:
            ProjectError: it is missing and has no default, or its expression is not understood.
        """
        found = config.constants.get(name)
        if found is not None:
            return self.integer(found, config)
        if default is None:
            raise _missing(config, name)
        return default

    def numbers(self, config: Config, *names: str) -> tuple[int, ...]:
        """Return several integer constants."""
        return tuple(self.number(config, name) for name in names)

    def integer(self, expression: Text, config: Config | None = None) -> int:
        """Return the value of an integer expression: + - * / ( ), constants, other fields.

        Raises:
            ProjectError: something else stands there.
        """
        squeezed = re.sub(r"\b(\d+)[uUlL]+\b", r"\1", expression.text)
        squeezed = re.sub(r"[\w]+::", "", squeezed)  # config2::n_in is n_in, here
        try:
            tree = ast.parse(squeezed.strip(), mode="eval").body
            return self._value(tree, expression, config)
        except (SyntaxError, ValueError, ZeroDivisionError, RecursionError):
            raise ProjectError(
                f"cannot compute {expression.text!r}",
                where=expression.where,
                allowed="integers, + - * / ( ), and names that are declared",
            ) from None

    def _value(self, tree: ast.expr, expression: Text, config: Config | None) -> int:
        match tree:
            case ast.Constant(value=int(value)):
                return int(value)
            case ast.Name(id="true" | "false" as word):
                return int(word == "true")
            case ast.Name(id=name):
                known = (config.constants if config else {}).get(name) or self.constants.get(name)
                if known is not None and known is not expression:
                    return self.integer(known, config)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._value(operand, expression, config)
            case ast.BinOp(left=left, op=operator, right=right):
                one, two = (self._value(side, expression, config) for side in (left, right))
                match operator:
                    case ast.Add():
                        return one + two
                    case ast.Sub():
                        return one - two
                    case ast.Mult():
                        return one * two
                    case ast.Div():
                        return one // two
        raise ValueError(ast.dump(tree))


def _missing(config: Config, name: str) -> ProjectError:
    return ProjectError(
        f"struct {config.name} has no {name}",
        where=config.where,
        allowed=", ".join([*config.constants, *config.types]),
    )


def read_declarations(files: ProjectFiles) -> Declarations:
    """Read ``defines.h`` and ``parameters.h``.

    Raises:
        ProjectError: one of them is missing.
    """
    types: dict[str, Text] = {}
    constants: dict[str, Text] = {}
    for path in (files.defines, files.parameters):
        text = read_text(path)
        for match in _DEFINE.finditer(text):
            constants[match[1]] = Text(match[2], f"{path}:{line_of(text, match.start())}")
        if path == files.defines:
            _collect(text, blank(text), path, 0, types, constants)
    configs = {config.name: config for config in _configs(files.parameters)}
    return Declarations(files, types, constants, configs)


def _configs(path: Path) -> Iterator[Config]:
    text = read_text(path)
    code = blank(text)
    for match in _STRUCT.finditer(code):
        end = matching_brace(code, match.end() - 1)
        config = Config(match[1], f"{path}:{line_of(text, match.start())}")
        _collect(text, code[match.end() : end], path, match.end(), config.types, config.constants)
        yield config


def _collect(
    text: str,
    code: str,
    path: Path,
    start: int,
    types: dict[str, Text],
    constants: dict[str, Text],
) -> None:
    """Add the types and constants of a piece of code that begins at ``start`` of the text."""

    def at(match: re.Match[str]) -> str:
        return f"{path}:{line_of(text, start + match.start())}"

    for match in _TYPEDEF.finditer(code):
        types[match[2]] = Text(match[1], at(match))
    for match in _USING.finditer(code):
        types[match[1]] = Text(match[2], at(match))
    for match in _CONSTANT.finditer(code):
        constants[match[1]] = Text(match[2], at(match))


def factors(size: Text, declarations: Declarations) -> tuple[int, ...]:
    """Return the lengths in an array size such as ``32*32*1``, one per axis."""
    parts = split_list(size.text.replace("*", ","))
    return tuple(declarations.integer(Text(part, size.where)) for part in parts)
