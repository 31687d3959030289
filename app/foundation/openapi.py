"""The API's description (OpenAPI 3.1), made from the doors themselves, so that it cannot say something else than they do."""

from __future__ import annotations

import re
from typing import Any, cast

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema

from app.foundation.edge import Door, door_of

_PART = re.compile(r"<(?:(\w+):)?(\w+)>")
PROBLEM = {
    "type": "object",
    "description": "RFC 9457; code is stable, message is in zh-CN and en, refusals holds every reason",
    "required": ["type", "title", "status", "code", "message"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "message": {"$ref": "#/components/schemas/Words"},
        "refusals": {"type": "array", "items": {"type": "object"}},
        "errors": {"type": "object"},
        "figures": {"type": "object"},
    },
}
WORDS = {
    "type": "object",
    "required": ["zh-CN", "en"],
    "properties": {"zh-CN": {"type": "string"}, "en": {"type": "string"}},
}


def describe(app: Flask) -> dict[str, Any]:
    """The document for every API route of the app."""
    marshmallow = MarshmallowPlugin(schema_name_resolver=cast("Any", lambda _schema: None))
    spec = APISpec(
        title="Gongkai 公开",
        version="1",
        openapi_version="3.1.0",
        plugins=[marshmallow],
        info={"description": "Money is whole fen in fields ending _fen. Times are UTC. 金额一律为整数分。"},
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Words", WORDS)
    spec.components.schema("Problem", PROBLEM)
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        door = door_of(app.view_functions[rule.endpoint])
        if door is None or not door.is_api:
            continue
        method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"})).lower()
        spec.path(path=_PART.sub(r"{\2}", rule.rule), operations={method: _operation(rule.endpoint, rule.rule, door)})
    return spec.to_dict()


def _operation(endpoint: str, rule: str, door: Door) -> dict[str, Any]:
    problem = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    operation: dict[str, Any] = {
        "operationId": endpoint.replace(".", "_"),
        "summary": f"{door.summary.zh} {door.summary.en}",
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "integer"} if kind == "int" else {"type": "string", **_format(kind)},
            }
            for kind, name in _PART.findall(rule)
        ],
        "responses": {
            str(door.status): {"description": "ok", "content": {"application/json": {"schema": _answer(door)}}},
            "default": {"description": "every error", **problem},
        },
        "security": [] if door.policy == "public" else [{"token": []}],
    }
    if door.query is not None:
        operation["parameters"].append({"in": "query", "schema": door.query})
    if door.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": door.body}}}
    if door.files:
        file = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": file}}}
    return operation


def _format(kind: str) -> dict[str, str]:
    return {"format": "uuid"} if kind == "uuid" else {}


def _answer(door: Door) -> dict[str, Any] | type[Schema]:
    return door.answer if door.answer is not None else {"type": "object"}
