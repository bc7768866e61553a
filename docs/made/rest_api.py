"""The REST API, off its OpenAPI schema: as pages that stand without a site, and without scripts."""

import json
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from import_from_modulestore.rest_api.schema import ApiSchemaGenerator

from .markdown import anchor, code, fence, label, table

_ROOT = "/api/modulestore_imports/v1/"


@cache
def _schema() -> dict[str, Any]:
    return json.loads(json.dumps(ApiSchemaGenerator().get_schema(public=True), default=str))


def description() -> str:
    """What is said of all requests."""
    return _schema()["info"]["description"]


def operations() -> str:
    """All requests, by group."""
    schema = _schema()
    parts = []
    for tag in schema["tags"]:
        found = [each for each in _operations() if tag["name"] in each[2]["tags"]]
        parts += [f"## {tag['name'].capitalize()}\n", f"{tag['description']}.\n"]
        for method, path, operation in found:
            parts += [label(f"rest-{operation['operationId']}"), f"### {operation['summary']}\n"]
            parts += [fence(f"{method.upper()} {path.removeprefix(_ROOT)}")]
            parts += [
                operation.get("description", ""),
                "",
                _parameters(operation),
                _body(operation),
                _answers(operation),
            ]
    return "\n".join(parts)


def schemas() -> str:
    """What requests and answers hold."""
    parts = []
    for name, schema in sorted(_schema()["components"]["schemas"].items()):
        parts += [label(f"schema-{name}"), f"## {name}\n", _text(schema), ""]
        required = set(schema.get("required", ()))
        parts.append(
            table(
                ("field", "type", "meaning"),
                (
                    (code(field), _type(of) + ("" if field in required else ", may be left out"), _text(of))
                    for field, of in schema.get("properties", {}).items()
                ),
            )
        )
    return "\n".join(parts)


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in _schema()["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _parameters(operation: dict[str, Any]) -> str:
    order = ("path", "query", "header")
    found = [each for where in order for each in operation.get("parameters", ()) if each["in"] == where]
    return table(
        ("parameter", "in", "type", "meaning"),
        ((code(each["name"]), each["in"], _type(each["schema"]), _text(each)) for each in found),
    )


def _body(operation: dict[str, Any]) -> str:
    parts = []
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"**Body** ({code(kind)}): {_type(content['schema'])}\n")
        for example in content.get("examples", {}).values():
            parts += [f"{example['summary']}:\n", _as_json(example["value"])]
    return "\n".join(parts)


def _answers(operation: dict[str, Any]) -> str:
    rows, refusals = [], []
    for status, answer in operation["responses"].items():
        if int(status) >= 400:
            refusals.append(status)
            continue
        contents = answer.get("content", {})
        kinds = dict.fromkeys(_type(content["schema"], kind) for kind, content in contents.items())
        headers = ", ".join(code(name) for name in answer.get("headers", {}))
        rows.append((f"{status} {HTTPStatus(int(status)).phrase}", ", ".join(kinds) or "nothing", headers))
    refused = f"It may be refused with [{', '.join(sorted(refusals))}](rest_api.md#refusals).\n"
    return "\n".join([table(("answer", "body", "headers"), rows), refused])


def refusals() -> str:
    """What each status means that is no success, with one example of each."""
    found: dict[str, dict[str, Any]] = {}
    for _method, _path, operation in _operations():
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                found.setdefault(status, answer)
    parts = []
    for status, answer in sorted(found.items()):
        parts.append(f"**{status} {HTTPStatus(int(status)).phrase}.** {answer['description']}\n")
        [content] = answer["content"].values()
        parts += [_as_json(example["value"]) for example in content["examples"].values()]
    return "\n".join(parts)


def _as_json(value: Any) -> str:
    return fence(json.dumps(value, indent=2, ensure_ascii=False), "json")


def _type(schema: dict[str, Any], media_type: str = "") -> str:
    if name := schema.get("$ref"):
        name = name.rpartition("/")[2]
        return f"[{name}](rest_schemas.md#{anchor(f'schema-{name}')})"
    for combined in ("allOf", "oneOf", "anyOf"):
        if combined in schema:
            return " or ".join(_type(each) for each in schema[combined])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if media_type and not media_type.endswith("json"):
        return code(media_type)
    kinds = schema.get("type", "anything")
    kinds = list(kinds) if isinstance(kinds, list) else [kinds]
    if schema.get("nullable"):
        kinds.append("null")
    told = " or ".join(kinds)
    if schema.get("format"):
        told += f" ({schema['format']})"
    if "enum" in schema:
        told = ", ".join(code("null" if each is None else each) for each in schema["enum"])
    return told


def _text(schema: dict[str, Any]) -> str:
    text = schema.get("description", "")
    if "default" in schema.get("schema", schema):
        text += f" Default: {code(json.dumps(schema.get('schema', schema)['default']))}."
    return text.replace("<", "\\<").strip()
