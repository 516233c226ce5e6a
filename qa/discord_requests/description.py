"""Discord's OpenAPI document, and where a request differs from it.

The document (`specs/openapi.json` of discord/discord-api-spec) leaves objects open. Here a property
that it does not name is a difference too: Discord ignores such a property without a word.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jsonschema_rs import Draft202012Validator

from qa.discord_requests.amendments import BOOLEANS, amend
from sandbox.discord.recording import RecordedCall

_BASE_SCHEMA = re.compile(r'"allOf": \[\{"\$ref": "#/components/schemas/(\w+)"')
_ID = re.compile(r"\d{15,}")


@dataclass(frozen=True, slots=True)
class Difference:
    """What the document does not allow: in which operation, at which place of the request, why."""

    operation: str
    place: str
    problem: str

    def __str__(self) -> str:
        """Return all of it in one line."""
        return f"{self.operation}: {self.place}: {self.problem}"


@dataclass(frozen=True, slots=True)
class _Body:
    """What a content type may have: fields with files, and JSON that the validator checks."""

    file_fields: frozenset[str]
    validator: Draft202012Validator


class Operation:
    """One method of one path."""

    def __init__(self, path: str, item: Any, method: str, schemas: Mapping[str, Any]) -> None:
        raw = item[method]
        self.name: str = raw["operationId"]
        self.wildcards = path.count("{")
        self._path = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
        self._parameters = {
            (one["in"], one["name"]): one["schema"]
            for one in (*item.get("parameters", ()), *raw.get("parameters", ()))
        }
        self._body: Mapping[str, Any] = raw.get("requestBody", {})
        self._schemas = schemas

    def match(self, path: str) -> Mapping[str, str] | None:
        """Return the parameters in a path, None if it is another operation's."""
        found = self._path.fullmatch(path)
        return None if found is None else found.groupdict()

    def find_differences(
        self, call: RecordedCall, in_path: Mapping[str, str]
    ) -> Iterator[Difference]:
        """Yield each difference of a request: of its path, its query and its body."""
        values = [("path", *pair) for pair in in_path.items()]
        values += [("query", *pair) for pair in call.query]
        for place, name, value in values:
            problem = self._check_parameter(place, name, value)
            if problem is not None:
                yield Difference(self.name, f"{place} {name}", problem)
        if call.json is not None:
            for where, problem in self._check_body(call):
                yield Difference(self.name, where, problem)

    def _check_parameter(self, place: str, name: str, value: str) -> str | None:
        schema = self._parameters.get((place, name))
        if schema is None:
            return "not in the document"
        if schema.get("type") == "boolean" and value in BOOLEANS:
            return None
        validator = self._parameter_validators[place, name]
        if any(validator.is_valid(one) for one in (value, _typed(value))):
            return None
        return f"{value!r} is no value of it"

    def _check_body(self, call: RecordedCall) -> Iterator[tuple[str, str]]:
        if not (call.json or call.files or self._body.get("required")):
            return
        body = self._bodies.get(call.content_type)
        if body is None:
            yield "body", f"{call.content_type} is none of its content types"
            return
        for field in (f"files[{number}]" for number in call.files):
            if field not in body.file_fields:
                yield "body", f"{field} is not in the document"
        for error in body.validator.iter_errors(json.loads(call.json or "null")):
            steps = ["*" if isinstance(step, int) else step for step in error.instance_path]
            yield "/".join(steps) or "body", _ID.sub("N", error.message)

    @cached_property
    def _parameter_validators(self) -> Mapping[tuple[str, str], Draft202012Validator]:
        return {key: self._validator(schema) for key, schema in self._parameters.items()}

    @cached_property
    def _bodies(self) -> Mapping[str, _Body]:
        contents = self._body.get("content", {})
        return {kind: self._read_body(content["schema"]) for kind, content in contents.items()}

    def _read_body(self, schema: Any) -> _Body:
        """Part the JSON from the files, which the document joins in one object."""
        parts: Sequence[Any] = schema.get("allOf", [schema])
        names = [{*part.get("properties", ())} for part in parts]
        files = frozenset(name for some in names for name in some if name.startswith("files["))
        whole = next(part for part, some in zip(parts, names, strict=True) if not files & some)
        return _Body(files, self._validator(whole))

    def _validator(self, schema: Mapping[str, Any]) -> Draft202012Validator:
        return Draft202012Validator({**schema, "components": {"schemas": self._schemas}})


class ApiDescription:
    """The operations of the document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        schemas = _close(amend(document["components"]["schemas"]))
        self._operations = dict[str, list[Operation]]()
        for path, item in document["paths"].items():
            for method in item.keys() - {"parameters"}:
                operation = Operation(path, item, method, schemas)
                self._operations.setdefault(method.upper(), []).append(operation)
        for operations in self._operations.values():
            operations.sort(key=lambda operation: operation.wildcards)

    def find_differences(self, call: RecordedCall) -> Iterator[Difference]:
        """Yield where a request differs from the document."""
        for operation in self._operations.get(call.method, ()):
            in_path = operation.match(call.path)
            if in_path is not None:
                yield from operation.find_differences(call, in_path)
                return
        yield Difference(call.method, _ID.sub("N", call.path), "no such operation")


def _close(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schemas where each object has no properties but those that it names.

    What is a part of others cannot be closed by itself.
    """
    parts = set(_BASE_SCHEMA.findall(json.dumps(schemas)))
    return {
        name: {**schema, "unevaluatedProperties": False}
        if name not in parts and (schema.get("type") == "object" or "allOf" in schema)
        else schema
        for name, schema in schemas.items()
    }


def _typed(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value
