"""Hold requests against GitHub's OpenAPI description, and GraphQL documents against its schema.

The answers are not held against it: they are the emulator's, and lack much that nobody reads.
Source: npm @octokit/openapi and @octokit/graphql-schema.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import graphql
import jsonschema_rs
import requests

# What PyGithub sends although the description does not say so, and why GitHub takes it.
ALLOWED = {
    ("issues/add-labels", "body"): "a bare list of names is taken beside the object form",
    ("issues/set-labels", "body"): "a bare list of names is taken beside the object form",
    ("repos/get-content", "path"): "an empty path stands for the root",
}
_WITHOUT_MEANING = {"example", "examples", "nullable", "externalDocs", "xml", "discriminator"}


class Contract:
    """GitHub's own description of its API, read when first needed.

    Args:
        packages: the node_modules that scripts/github-emulator.sh fills.
    """

    def __init__(self, packages: Path) -> None:
        self._packages = packages

    def problems(self, method: str, path: str, query: Mapping[str, str], body: object) -> list[str]:
        """Return what is wrong with a request; empty where GitHub describes it so."""
        if path == "/graphql":
            return self._of_document(body)
        operation = self._operation(method, path)
        if operation is None:
            return [f"{method} {path}: no such operation"]
        name = operation["operationId"]
        parameters = [self._resolved(p) for p in operation.get("parameters", [])]
        known = {p["name"] for p in parameters if p["in"] == "query"}
        found = [("query", f"unknown parameter {q!r}") for q in query if q not in known]
        found += [("body", text) for text in self._of_body(operation, body)]
        return [
            f"{method} {path} ({name}): {t}" for kind, t in found if (name, kind) not in ALLOWED
        ]

    @functools.cached_property
    def _description(self) -> dict[str, Any]:
        description: dict[str, Any] = json.loads((self._packages / "requests.json").read_bytes())
        return description

    @functools.cached_property
    def _routes(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        paths = self._description["paths"]
        plainest_first = sorted(paths, key=lambda p: (p.count("{"), -len(p)))
        return [(self._pattern(p, paths[p]), paths[p]) for p in plainest_first]

    def _pattern(self, template: str, operations: dict[str, Any]) -> re.Pattern[str]:
        parameters = [
            self._resolved(p) for o in operations.values() for p in o.get("parameters", [])
        ]
        long = {p["name"] for p in parameters if p.get("x-multi-segment")} | {"path", "basehead"}
        parts = re.split(r"\{([^}]+)\}", template)
        names = [".+" if name in long or name == "ref" else "[^/]+" for name in parts[1::2]]
        fixed = [re.escape(part) for part in parts[0::2]]
        return re.compile("".join(f + n for f, n in zip(fixed, [*names, ""], strict=True)))

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, operations in self._routes:
            if method.lower() in operations and pattern.fullmatch(path):
                operation: dict[str, Any] = operations[method.lower()]
                return operation
        return None

    def _of_body(self, operation: dict[str, Any], body: object) -> list[str]:
        described = self._resolved(operation.get("requestBody", {}))
        content = described.get("content", {}).get("application/json")
        if content is None:
            return [] if body in (None, {}) else ["a body that nothing describes"]
        if body is None:
            return ["a body is required"] if described.get("required") else []
        validator = self._validator(operation["operationId"], json.dumps(content["schema"]))
        errors = validator.iter_errors(body)
        return [f"/{'/'.join(map(str, e.instance_path))}: {e.message[:200]}" for e in errors]

    @functools.cache  # noqa: B019 - one contract lives as long as the tests
    def _validator(self, _name: str, schema: str) -> jsonschema_rs.Validator:
        needed: dict[str, Any] = {}
        todo = [schema]
        while todo:
            for name in re.findall(r'"#/components/schemas/([^"]+)"', todo.pop()):
                if name not in needed:
                    part = self._description["components"]["schemas"][name]
                    needed[name] = _json_schema(part)
                    todo.append(json.dumps(part))
        whole = {**_json_schema(json.loads(schema)), "components": {"schemas": needed}}
        return jsonschema_rs.Draft202012Validator(whole)

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in part:
            node: Any = self._description
            for key in part["$ref"].removeprefix("#/").split("/"):
                node = node[key]
            part = node
        return part

    @functools.cached_property
    def _schema(self) -> graphql.GraphQLSchema:
        text = (self._packages / "@octokit/graphql-schema/schema.graphql").read_text("utf-8")
        return graphql.build_schema(text, assume_valid=True, no_location=True)

    def _of_document(self, body: object) -> list[str]:
        document = body.get("query") if isinstance(body, dict) else None
        if not isinstance(document, str):
            return ["POST /graphql: no document in `query`"]
        return self._of_text(document)

    @functools.cache  # noqa: B019
    def _of_text(self, document: str) -> list[str]:
        try:
            errors = graphql.validate(self._schema, graphql.parse(document))
        except graphql.GraphQLSyntaxError as error:
            errors = [error]
        return [f"POST /graphql: {error.message}" for error in errors]


def _json_schema(part: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema: without `nullable` and what says nothing."""
    if isinstance(part, list):
        return [_json_schema(p) for p in part]
    if not isinstance(part, dict):
        return part
    out = {k: _json_schema(v) for k, v in part.items() if k not in _WITHOUT_MEANING}
    if "properties" in part:
        out["properties"] = {k: _json_schema(v) for k, v in part["properties"].items()}
    if part.get("nullable") is not True:
        return out
    if "enum" in out:
        out["enum"] = [*out["enum"], None]
    if isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
        return out
    return {"anyOf": [out, {"type": "null"}]}


@contextmanager
def watched(contract: Contract, url: str, found: list[str]) -> Iterator[None]:
    """Check every request that `requests` sends to `url`; what is wrong is added to `found`."""
    send = requests.adapters.HTTPAdapter.send

    def checked(
        adapter: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, **kw: Any
    ) -> requests.Response:
        parts = urlsplit(str(request.url))
        path = unquote(parts.path)
        if str(request.url).startswith(url) and not path.startswith("/_ctl/"):
            body = json.loads(request.body) if request.body else None
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            found.extend(contract.problems(str(request.method), path, query, body))
        return send(adapter, request, **kw)

    requests.adapters.HTTPAdapter.send = checked  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign]
