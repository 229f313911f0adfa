"""Remote: a language model behind an OpenAI-compatible server."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import openai

from bot.llm import telemetry
from bot.llm.completion import Completion, Tokens
from bot.llm.endpoints import (
    Dialect,
    Endpoint,
    FailedInStream,
    Form,
    Question,
    ask,
    schema_in_words,
    strict_schema,
)
from bot.llm.failures import broke_off, endpoint_missing, translate, worth_another_dialect
from bot.llm.language_model import Answer, Prompt, Usage, Value
from bot.llm.ledger import Amount
from bot.llm.line import Line, LineCut
from bot.llm.prices import cost_usd, most_tokens, worst_case_usd
from bot.llm.purse import Purse
from bot.llm.reading import read
from bot.llm.recording import Recorder
from bot.llm.server import Server
from bot.llm.settings import Settings

PURPOSE_HEADER = "X-Boardwright-Purpose"
"""Tells proxies and their logs what a call is for; servers ignore it."""

_OFFICIAL = (
    Dialect(Endpoint.RESPONSES, Form.SCHEMA),
    Dialect(Endpoint.RESPONSES, Form.TEXT),
)
_COMPATIBLE = (
    Dialect(Endpoint.RESPONSES, Form.SCHEMA),
    Dialect(Endpoint.CHAT, Form.SCHEMA),
    Dialect(Endpoint.CHAT, Form.OBJECT),
    Dialect(Endpoint.CHAT, Form.TEXT),
)
_STREAMS = 2  # how often a reply may begin: one that breaks off is asked for once more
_NONSENSE = (ValueError, TypeError, AttributeError, KeyError)
"""What the SDK stumbles with over events that are none: it takes what comes as it should be."""
_CHARACTERS_A_TOKEN = 4  # of English and code, where a server does not count


class RemoteModel:
    """Asks a server, within budgets, and keeps what was exchanged where that is wanted.

    Which dialect a server speaks is found out by the first question for each model: one that it
    does not have is answered by an error, which costs nothing.

    Args:
        server: where, and with which key.
        settings: models, prices, bounds.
        purse: who pays; worst cases are set aside before each call.
        recorder: keeps each exchange.
        clock: tells seconds.
    """

    def __init__(
        self,
        server: Server,
        settings: Settings,
        purse: Purse,
        recorder: Recorder | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._settings = settings
        self._purse = purse
        self._recorder = recorder
        self._clock = clock
        self._dialects: dict[str, Dialect] = {}

    def ask(self, prompt: Prompt, answer: type[Value]) -> Answer[Value]:
        """Return the validated answer; see `LanguageModel`."""
        prompt = replace(prompt, system=_text(prompt.system), user=_text(prompt.user))
        model = self._settings.model_of(prompt.tier)
        with telemetry.question_span(self._server, model, prompt) as span:
            completion, usage = self._complete(prompt, model, answer)
            telemetry.add_completion(span, completion)
            if self._recorder is not None:
                self._recorder.write(prompt, answer, completion, usage)
            value = read(completion, answer, usage)
            telemetry.add_usage(span, usage)
        return Answer(value, usage)

    def _complete(
        self, prompt: Prompt, model: str, answer: type[Value]
    ) -> tuple[Completion, Usage]:
        question = Question(
            model, prompt, prompt.system, strict_schema(answer), self._server.official
        )
        llm = self._settings.llm
        line = Line(llm.timeout_s, llm.idle_timeout_s, llm.max_reply_bytes, self._clock)
        begin = self._clock()
        for stream in range(1, _STREAMS + 1):
            try:
                completion, amount = self._pay(question, line)
                return completion, self._usage(question, completion, amount, line, begin)
            except (openai.OpenAIError, FailedInStream, LineCut) as error:
                if stream == _STREAMS or not line.begun or not broke_off(error):
                    usage = Usage(model, line.calls, 0, 0, 0, self._clock() - begin, None)
                    raise translate(error, self._server, model, prompt.tier, usage) from error
        raise AssertionError("the last round returns or raises")

    def _pay(self, question: Question, line: Line) -> tuple[Completion, Amount]:
        """Ask once, with the worst case set aside before and what it took written down after."""
        worst = self._worst(question)
        number = self._purse.open(question.prompt.purpose, question.model, worst)
        line.begun = False
        try:
            completion = self._converse(question, line)
        except BaseException as error:
            if not line.begun:
                self._purse.close(number, Amount(0.0, 0))
            elif isinstance(error, _NONSENSE):
                what = f"what it sent is no event of the interface ({error})"
                raise FailedInStream(what) from error
            raise  # a call that began stands with its worst case: nobody knows what it took
        amount = self._amount(question, completion)
        self._purse.close(number, amount)
        return completion, amount

    def _converse(self, question: Question, line: Line) -> Completion:
        """Ask in the first dialect that the server has."""
        known = self._dialects.get(question.model)
        dialects = [known] if known else list(_OFFICIAL if question.official else _COMPATIBLE)
        with line.client(self._server.local) as http:
            client = openai.OpenAI(
                api_key=self._server.key,
                base_url=self._server.base_url,
                max_retries=self._settings.llm.retries,
                default_headers={PURPOSE_HEADER: _header(question.prompt.purpose)},
                http_client=http,
            )
            while True:
                dialect = dialects.pop(0)
                try:
                    completion = ask(client, _worded(question, dialect), dialect)
                except openai.APIStatusError as error:
                    if endpoint_missing(error):
                        dialects = [d for d in dialects if d.endpoint is not dialect.endpoint]
                    if not dialects or not worth_another_dialect(error, question.model):
                        raise
                    continue
                self._dialects[question.model] = dialect
                return completion

    def _worst(self, question: Question) -> Amount:
        prompt = question.prompt
        schema = schema_in_words(question.schema)
        put = most_tokens(prompt.system, prompt.user, schema, schema)
        tokens = Tokens(put, 0, prompt.max_output_tokens)
        usd = worst_case_usd(
            question.model, tokens, self._settings.llm.prices, self._server.base_url
        )
        return Amount(usd, put + prompt.max_output_tokens)

    def _amount(self, question: Question, completion: Completion) -> Amount:
        tokens = completion.tokens
        if tokens is None:
            prompt = question.prompt
            put = most_tokens(prompt.system, prompt.user, schema_in_words(question.schema))
            tokens = Tokens(put, 0, most_tokens(completion.text, completion.refusal))
        return Amount(self._cost(question.model, tokens), tokens.input + tokens.output)

    def _cost(self, model: str, tokens: Tokens) -> float | None:
        return cost_usd(model, tokens, self._settings.llm.prices, self._server.base_url)

    def _usage(
        self, question: Question, completion: Completion, amount: Amount, line: Line, begin: float
    ) -> Usage:
        tokens = completion.tokens
        if tokens is None:
            put = len(question.prompt.system) + len(question.prompt.user)
            out = len(completion.text) + len(completion.refusal)
            tokens = Tokens(put // _CHARACTERS_A_TOKEN, 0, out // _CHARACTERS_A_TOKEN)
        return Usage(
            model=completion.model or question.model,
            calls=line.calls,
            input_tokens=tokens.input,
            cached_tokens=tokens.cached,
            output_tokens=tokens.output,
            seconds=self._clock() - begin,
            cost_usd=amount.usd,
        )


def _worded(question: Question, dialect: Dialect) -> Question:
    """Add the schema in words, unless OpenAI itself holds the model to it."""
    if question.official and dialect.form is Form.SCHEMA:
        return question
    words = f"{question.prompt.system}\n\n{schema_in_words(question.schema)}"
    return replace(question, system=words)


def _text(text: str) -> str:
    """Return a text that can be sent: without halves of characters."""
    return text.encode("utf-8", "replace").decode()


def _header(purpose: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "-" for c in purpose)
