"""Fake: a language model that answers by a script, for tests and demonstrations."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from bot.llm.completion import Completion, Ending, Tokens
from bot.llm.language_model import Answer, LanguageModelError, Prompt, Unreachable, Usage, Value
from bot.llm.reading import read

Scripted = str | BaseModel | LanguageModelError


class ScriptedModel:
    """Gives the answers of a script, by purpose and in order; each once.

    Args:
        script: for each purpose what is answered: a text, which is read as a server's reply is; a
            value, as its JSON; an error, which is raised.
        model: the name that it goes by.
    """

    def __init__(
        self, script: Mapping[str, Iterable[Scripted]], model: str = "scripted model"
    ) -> None:
        self._script = {purpose: list(answers) for purpose, answers in script.items()}
        self._model = model
        self._lock = threading.Lock()
        self.prompts: list[Prompt] = []

    def ask(self, prompt: Prompt, answer: type[Value]) -> Answer[Value]:
        """Return the next answer for the prompt's purpose.

        Raises:
            LanguageModelError: the script says so, or has no more answers for the purpose.
        """
        with self._lock:
            self.prompts.append(prompt)
            answers = self._script.get(prompt.purpose)
            scripted = answers.pop(0) if answers else None
        if scripted is None:
            raise Unreachable(f"The script holds no more answers for '{prompt.purpose}'.")
        if isinstance(scripted, LanguageModelError):
            raise scripted
        text = scripted.model_dump_json() if isinstance(scripted, BaseModel) else scripted
        put, out = (len(prompt.system) + len(prompt.user)) // 4, len(text) // 4
        usage = Usage(self._model, 1, put, 0, out, 0.0, 0.0)
        completion = Completion(text, "", Ending.COMPLETE, self._model, Tokens(put, 0, out))
        return Answer(read(completion, answer, usage), usage)
