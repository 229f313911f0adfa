"""Project folder: a project on the disk, as commands are told of it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from bot.errors import RequestError
from bot.goal import Goal
from hardware_runner.board import Board
from hardware_runner.boards import find_board

_USUAL = "mps2-an386"
_NEEDED = ("model.tflite", "testset.npz", "goal.h", "features.c", "app.c")


def check_project(project: Path) -> None:
    """Refuse a folder that is no project.

    Raises:
        RequestError: names what is missing.
    """
    if not project.is_dir():
        raise RequestError(f"There is no folder {project}.", "Name the folder of a project.")
    for needed in _NEEDED:
        if not (project / needed).is_file():
            raise RequestError(
                f"{project} holds no {needed}.",
                "Name the folder of a project, such as tinyml/<name>.",
            )


def boards_of(project: Path) -> tuple[Board, ...]:
    """Return the boards that a project's goal asks for; an emulated one where it asks for none.

    Raises:
        RequestError: goal.toml is missing, or is none.
        UnknownBoard: it names a board that is not there.
    """
    path = project / "goal.toml"
    try:
        goal = Goal.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        cure = "Name the boards with --board."
        raise RequestError(f"{project} holds no goal.toml.", cure) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequestError(f"{path} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RequestError(f"{path} is no goal: {where}: {first['msg']}.") from None
    named = dict.fromkeys(find_board(name) for name in goal.boards)
    return tuple(board for board in named if not board.is_process) or (find_board(_USUAL),)
