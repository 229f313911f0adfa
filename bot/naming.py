"""Names: a project name from what a person called it."""

from __future__ import annotations

import re
import unicodedata

NAME_MAX_CHARACTERS = 40


def slug(*candidates: str) -> str:
    """Return the first candidate that has letters, as 1 to 40 of a-z, 0-9 and '-'.

    'Größe of apples!' becomes 'grosse-of-apples'; before a digit stands 'project-'.
    """
    for text in candidates:
        plain = unicodedata.normalize("NFKD", text.replace("\u00df", "ss"))
        plain = plain.encode("ascii", "ignore").decode().lower()
        words = re.findall(r"[a-z0-9]+", plain)
        if not any(character.isalpha() for word in words for character in word):
            continue
        if words[0][0].isdigit():
            words.insert(0, "project")
        name = "-".join(words)
        if len(name) <= NAME_MAX_CHARACTERS:
            return name
        whole_words = name[: NAME_MAX_CHARACTERS + 1].rpartition("-")[0]
        return whole_words or name[:NAME_MAX_CHARACTERS]
    return "project"
