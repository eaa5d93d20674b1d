"""The JSON schema of ``report.json``, made from the same annotations that the codec reads.

``python -m trigger.report.schema`` writes the published file again after a change of the record.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, get_args, get_origin

from trigger.report.codec import SCHEMA_NAME, is_enum, members_of, required_of
from trigger.report.files import SCHEMA_FILE
from trigger.report.record import Report

JSON_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    type(None): "null",
}


def build_schema(record: type) -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a record and all that it holds."""
    definitions: dict[str, Any] = {}
    root = _schema_of(record, definitions)
    properties = definitions[record.__name__]["properties"]
    definitions[record.__name__]["properties"] = {"schema": {"const": SCHEMA_NAME}, **properties}
    definitions[record.__name__]["required"].insert(0, "schema")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA_NAME,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _schema_of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if dataclasses.is_dataclass(hint):
        name = hint.__name__  # type: ignore[union-attr]
        if name not in definitions:
            definitions[name] = {}  # stops the recursion
            members = members_of(hint)  # type: ignore[arg-type]
            definitions[name] = {
                "description": (hint.__doc__ or "").split("\n")[0],
                "type": "object",
                "properties": {key: _schema_of(kind, definitions) for key, kind in members.items()},
                "required": [key for key in members if key in required_of(hint)],
                "additionalProperties": False,
            }
        return {"$ref": f"#/$defs/{name}"}
    if is_enum(hint):
        return {"enum": [member.value for member in hint]}
    if get_origin(hint) is tuple:
        kinds = get_args(hint)
        bounds = {} if kinds[-1] is Ellipsis else {"minItems": len(kinds), "maxItems": len(kinds)}
        return {"type": "array", "items": _schema_of(kinds[0], definitions), **bounds}
    if hint in JSON_TYPES:
        return {"type": JSON_TYPES[hint]}
    return {"anyOf": [_schema_of(choice, definitions) for choice in get_args(hint)]}


if __name__ == "__main__":
    SCHEMA_FILE.write_text(json.dumps(build_schema(Report), indent=2) + "\n", encoding="utf-8")
