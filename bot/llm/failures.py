"""Failures: what a person is told when server, line or key fail, and what they can do."""

from __future__ import annotations

import openai

from bot.llm.endpoints import FailedInStream
from bot.llm.language_model import CutShort, LanguageModelError, Tier, Unreachable, Usage
from bot.llm.line import LineCut, ReplyTooLong
from bot.llm.redaction import redact
from bot.llm.server import Server
from bot.llm.settings import FILE_NAME

_QUOTE = 300
_ABSENT = frozenset({404, 405, 501})
_NOT_HAD = frozenset({400, 415, 422}) | _ABSENT
_NO_MODEL = ("not found", "not exist", "invalid model", "unknown model", "no such", "not available")

_KEY = "Set OPENAI_API_KEY for OpenAI, BOARDWRIGHT_LLM_API_KEY for another server."
_ADDRESS = "The base URL is that of the interface itself; it mostly ends in /v1."
_CURES = {
    401: _KEY,
    403: _KEY,
    **dict.fromkeys((301, 302, 303, 307, 308), _ADDRESS),
    **dict.fromkeys(_ABSENT, _ADDRESS),
}


def endpoint_missing(error: openai.APIStatusError) -> bool:
    """Say whether the server seems to lack the endpoint as a whole."""
    return error.status_code in _ABSENT


def broke_off(error: Exception) -> bool:
    """Say whether a reply that had begun ended for a reason that may pass."""
    if isinstance(error, openai.APIStatusError | openai.APITimeoutError):
        return False
    return isinstance(error, FailedInStream | openai.APIError)


def worth_another_dialect(error: openai.APIStatusError, model: str) -> bool:
    """Say whether the server may only lack the endpoint, or a parameter of the call."""
    return error.status_code in _NOT_HAD and not model_missing(error, model)


def model_missing(error: openai.APIStatusError, model: str) -> bool:
    """Say whether the server knows no such model."""
    if error.code == "model_not_found":
        return True
    words = _said(error).lower()
    return model.lower() in words and any(phrase in words for phrase in _NO_MODEL)


def translate(
    error: Exception, server: Server, model: str, tier: Tier, usage: Usage
) -> LanguageModelError:
    """Return the error of this room that stands for one of the SDK's, or of the line's."""
    if isinstance(error, ReplyTooLong):
        return CutShort(f"The reply of {model} was cut and refused: {error}.", usage)
    message = _message(error, server, model, tier)
    return Unreachable(redact(message, (server.key,)), usage)


def _message(error: Exception, server: Server, model: str, tier: Tier) -> str:
    where = server.base_url
    if isinstance(error, LineCut):
        return (
            f"The reply of {model} at {where} was cut: {error}. Set it under [llm] in {FILE_NAME}."
        )
    if isinstance(error, FailedInStream):
        return f"{where} began to answer and failed: {_short(str(error))} Try again later."
    if isinstance(error, openai.APITimeoutError):
        return (
            f"{where} was silent for too long. A server that loads its model first may need a "
            f"higher idle_timeout_s under [llm] in {FILE_NAME}."
        )
    if isinstance(error, openai.APIConnectionError):
        return (
            f"{where} cannot be reached ({_short(str(error.__cause__ or error))}) Is the server "
            "up, and is its address in BOARDWRIGHT_LLM_BASE_URL right?"
        )
    if isinstance(error, openai.APIStatusError):
        return _status(error, where, model, tier)
    return f"{where} failed: {_short(str(error))}"


def _status(error: openai.APIStatusError, where: str, model: str, tier: Tier) -> str:
    said, status = _short(_said(error)), error.status_code
    if model_missing(error, model):
        return (
            f"{where} knows no model '{model}': {said} Name another as {tier.value} under "
            f"[llm.tiers] in {FILE_NAME}, or in BOARDWRIGHT_LLM_{tier.name}."
        )
    if error.code == "insufficient_quota":
        return f"The account at {where} has no credit left: {said}"
    if status == 429:
        wait = error.response.headers.get("retry-after")
        hint = f" It asks to wait {wait[:40]} s." if wait else ""
        return f"{where} limits how much it is asked (429), also after retries: {said}{hint}"
    if status >= 500 and status not in _ABSENT:
        return f"{where} failed ({status}), also after retries: {said} Try again later."
    cure = _CURES.get(status, "")
    return f"{where} did not accept the call ({status}): {said} {cure}".strip()


def _said(error: openai.APIStatusError) -> str:
    """Return the server's own words, which differ in where they stand."""
    body = error.body
    for key in ("error", "message", "detail"):
        if isinstance(body, dict) and body.get(key):
            body = body[key]
    return str(body) if body else error.response.text


def _short(text: str) -> str:
    line = " ".join(text.split())
    line = f"{line[:_QUOTE]}…" if len(line) > _QUOTE else line
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."
