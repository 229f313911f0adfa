"""Answers of GitHub, read from their text: each against a model, or as one of the three errors."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.github.errors import translate, unavailable

M = TypeVar("M", bound=BaseModel)


def read(asked: str, model: type[M], text: str) -> M:
    """Read an answer; half of one, or another than documented, counts as a failure of GitHub's."""
    try:
        return model.model_validate_json(text)
    except ValidationError:
        raise unavailable(asked, "its answer cannot be read") from None


@functools.cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def parsed(asked: str, model: Any, text: str) -> Any:  # what is in it is the model's
    """Read an answer of any shape, such as a list of models."""
    try:
        return _adapter(model).validate_json(text)
    except ValidationError:
        raise unavailable(asked, "its answer cannot be read") from None


class _Refusal(BaseModel):
    message: str = ""
    errors: object = None


def message_of(text: str) -> str:
    """Return GitHub's own words of a refusal, with what it says about single fields."""
    try:
        refusal = _Refusal.model_validate_json(text)
    except ValidationError:
        return ""
    errors = refusal.errors if isinstance(refusal.errors, list) else [refusal.errors]
    said = [e.get("message") if isinstance(e, dict) else e for e in errors]
    return ": ".join([refusal.message, *(s for s in said if isinstance(s, str))])


class _GraphQLError(BaseModel):
    message: str = ""
    type: str | None = None
    extensions: dict[str, object] = {}


class _Envelope(BaseModel):
    data: dict[str, object] | None = None
    errors: list[_GraphQLError] = []


def _graphql_error(asked: str, error: _GraphQLError) -> Exception:
    """Return what one of GraphQL's errors means; without a type it is a failure of its own.

    Source: https://docs.github.com/graphql/overview/rate-limits-and-node-limits-for-the-graphql-api
    """
    if error.type is None and "code" not in error.extensions:
        return unavailable(asked, error.message or "no reason given")
    statuses = {"NOT_FOUND": 404, "RATE_LIMITED": 429, "RATE_LIMIT": 429}
    status = statuses.get(error.type or "", 422)
    return translate(asked, status, error.message, {}, datetime.now(UTC))


def data_of(asked: str, text: str, model: type[M]) -> M:
    """Read the `data` of an answer of GraphQL's; raise what its first error means."""
    envelope = read(asked, _Envelope, text)
    if envelope.errors:
        raise _graphql_error(asked, envelope.errors[0])
    return read(asked, model, json.dumps(envelope.data))
