"""The types, constants and layer configurations of ``defines.h`` and ``parameters.h``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from trigger.errors import FormatError, ProjectError
from trigger.fixed import FixedFormat
from trigger.project.folder import ProjectFiles, local_headers, read_text
from trigger.project.top import (
    blank,
    line_of,
    matching_brace,
    split_list,
    without_comments,
    without_switched_off,
)

_TYPEDEF = re.compile(r"\btypedef\s+([^;{}]+?)\s+(\w+)\s*;")
_USING = re.compile(r"\busing\s+(\w+)\s*=\s*([^;{}]+?)\s*;")
_CONSTANT = re.compile(
    r"\b(?:static\s+)?(?:const|constexpr)\s+[\w: ]*?(?<![:\w])(\w+)\s*=\s*([^;{}]+?)\s*;", re.DOTALL
)
_DEFINE = re.compile(r"^[ \t]*#define[ \t]+(\w+)[ \t]+(\S.*?)[ \t]*(?://.*)?$", re.MULTILINE)
_STRUCT = re.compile(r"\bstruct\s+(\w+)\s*(?::\s*(?:public\s+)?([\w:]+)\s*)?\{")
_NAMESPACE = re.compile(r"^(?!nnet::)(?:\w+::)+")
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
        for _ in range(len(self.types) + len(self.constants) + 1):
            squeezed = _NAMESPACE.sub("", re.sub(r"\s+", "", text))
            known = self.types.get(squeezed) or self.constants.get(squeezed)
            if match := _ARRAY_TYPE.match(squeezed):
                text = match[1]
            elif known is not None:
                text, place = known.text, known.where
            else:
                break
        try:
            return FixedFormat.parse(self._with_numbers(text), where=place)
        except FormatError as error:
            raise ProjectError(
                f"{name} is {text!r}, not a fixed-point type: {error.problem}",
                where=place,
                allowed="ap_fixed, ap_ufixed, ap_int, ap_uint or nnet::array of these, "
                "declared in defines.h",
            ) from error

    def _with_numbers(self, text: str) -> str:
        """Return a type whose widths are numbers, where constants name them."""
        head, bracket, widths = text.partition("<")

        def number(match: re.Match[str]) -> str:
            known = self.constants.get(match[0])
            return match[0] if known is None else str(self.integer(known))

        return head + bracket + re.sub(r"\b[A-Za-z_]\w*\b", number, widths)

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
        name = name.rsplit("::", 1)[-1]
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
    """Read ``defines.h``, ``parameters.h`` and what else people wrote their headers to.

    Raises:
        ProjectError: there is no ``parameters.h``, or a name stands for two things.
    """
    types: dict[str, Text] = {}
    constants: dict[str, Text] = {}
    configs: dict[str, Config] = {}
    own = (path for path in local_headers(files) if not _is_foreign(path, files))
    for path in dict.fromkeys(path.resolve() for path in (*own, files.parameters)):
        text = without_switched_off(read_text(path), path)
        if '"defines.h"' in text:
            read_text(files.defines)  # which names the file if it is missing
        code = blank(text)
        for match in _DEFINE.finditer(without_comments(text)):
            where = f"{path}:{line_of(text, match.start())}"
            _declare(constants, match[1], Text(match[2], where))
        for config, start, end in _configs(text, code, path, configs):
            configs[config.name] = config
            code = code[:start] + re.sub(r"[^\n]", " ", code[start:end]) + code[end:]
        _collect(text, code, path, 0, types, constants)
    return Declarations(files, types, constants, configs)


def _is_foreign(path: Path, files: ProjectFiles) -> bool:
    """Tell hls4ml's, the vendor's and weights' headers from those that declare layers."""
    folders = {"ap_types", "nnet_utils", files.weights.name}
    return path.name.startswith(("nnet_", "ap_", "hls_")) or bool(folders & set(path.parts))


def _configs(
    text: str, code: str, path: Path, known: dict[str, Config]
) -> Iterator[tuple[Config, int, int]]:
    """Yield each struct with where it begins and ends; it has what the one that it extends has."""
    for match in _STRUCT.finditer(code):
        end = matching_brace(code, match.end() - 1)
        config = Config(match[1], f"{path}:{line_of(text, match.start())}")
        base = known.get(match[2] or "")
        _collect(text, code[match.end() : end], path, match.end(), config.types, config.constants)
        if base is not None:
            config = replace(
                config,
                types={**base.types, **config.types},
                constants={**base.constants, **config.constants},
            )
        yield config, match.start(), end


def _declare(known: dict[str, Text], name: str, text: Text) -> None:
    """Note what a name stands for.

    Raises:
        ProjectError: it stands for something else, too, so that only a compiler can tell.
    """
    other = known.setdefault(name, text)
    if re.sub(r"\s", "", other.text) != re.sub(r"\s", "", text.text):
        raise ProjectError(
            f"{name} is {text.text!r} here and {other.text!r} in {other.where}",
            where=text.where,
            allowed="one meaning of each name",
        )


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
        _declare(types, match[2], Text(match[1], at(match)))
    for match in _USING.finditer(code):
        _declare(types, match[1], Text(match[2], at(match)))
    for match in _CONSTANT.finditer(code):
        _declare(constants, match[1], Text(match[2], at(match)))


def factors(size: Text, declarations: Declarations) -> tuple[int, ...]:
    """Return the lengths in an array size such as ``32*32*1``, one per axis."""
    parts = split_list(size.text.replace("*", ","))
    return tuple(declarations.integer(Text(part, size.where)) for part in parts)
