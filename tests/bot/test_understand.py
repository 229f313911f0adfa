from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.board_names import find_board, near_boards
from bot.errors import RequestError
from bot.goal import RawType, Task
from bot.issue_form import Field
from bot.questions import Question, Questions
from bot.request import parse_request, read_request
from bot.understand import Understood, understand
from hardware_runner.boards import BOARDS

EXAMPLES = Path(__file__).parents[2] / "examples" / "issues"
GOOD = {
    Field.GOAL: "Tell a from b",
    Field.DATA: "csv:data.csv",
    Field.BOARDS: "mps2-an386",
    Field.ACCURACY: "90",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = [f"{kind},{i},{i + 700 * j},{i * 3}" for j, kind in enumerate("ab") for i in range(40)]
    (tmp_path / "data.csv").write_text("kind,x,y,z\n" + "\n".join(lines))
    return tmp_path


def ask(
    folder: Path, changes: dict[Field, str] | None = None, title: str = ""
) -> Understood | Questions:
    answers = {**GOOD, **(changes or {})}
    body = "\n".join(f"### {field.value}\n\n{answer}\n" for field, answer in answers.items())
    request = parse_request(f"{title and '# ' + title}\n{body}", folder / "issue.md")
    return understand(request, folder)


def only_question(end: Understood | Questions) -> Question:
    assert isinstance(end, Questions)
    assert len(end.questions) == 1, end.markdown()
    return end.questions[0]


def test_a_form_becomes_a_goal(folder: Path) -> None:
    end = ask(
        folder,
        {Field.FLASH: "60", Field.RAM: "20 KB", Field.LATENCY: "20", Field.LABELS: "b, a"},
        "A or B?",
    )
    assert isinstance(end, Understood)
    goal = end.goal
    assert (goal.name, goal.title, goal.task, goal.labels) == (
        "a-or-b",
        "A or B?",
        Task.TABULAR_SENSOR,
        ("b", "a"),
    )
    assert (goal.raw.shape, goal.raw.dtype, goal.raw.names) == (
        (3,),
        RawType.INT16,
        ("x", "y", "z"),
    )
    assert (goal.data.uri, goal.data.label_column) == ("csv:data.csv", "kind")
    limits = goal.limits
    assert (limits.accuracy_min, limits.latency_max_ms) == (0.9, 20)
    assert (limits.flash_max_bytes, limits.ram_max_bytes) == (61_440, 20_480)


@pytest.mark.parametrize(
    ("name", "boards", "accuracy"),
    [
        ("digits", ("mps2-an386",), 0.95),
        ("digits-free-text", ("mps2-an386",), 0.95),
        ("wine", ("mps2-an386",), 0.94),
        ("fruit-colours", ("mps2-an386", "netduinoplus2"), 0.92),
    ],
)
def test_the_examples_leave_no_question(
    name: str, boards: tuple[str, ...], accuracy: float
) -> None:
    end = understand(read_request(EXAMPLES / f"{name}.md"), EXAMPLES)
    assert isinstance(end, Understood)
    assert (end.goal.boards, end.goal.limits.accuracy_min) == (boards, accuracy)


def test_the_two_ways_to_ask_for_digits_mean_the_same() -> None:
    form = understand(read_request(EXAMPLES / "digits.md"), EXAMPLES)
    text = understand(read_request(EXAMPLES / "digits-free-text.md"), EXAMPLES)
    assert isinstance(form, Understood) and isinstance(text, Understood)
    same = ("task", "data", "labels", "raw", "boards", "limits")
    assert [getattr(form.goal, name) for name in same] == [
        getattr(text.goal, name) for name in same
    ]


@pytest.mark.parametrize(
    ("changes", "field", "found", "asked"),
    [
        ({Field.GOAL: "_No response_"}, "Goal", "nothing is said", "What shall"),
        ({Field.DATA: "_No response_"}, "Data", "no data", "Which labelled"),
        ({Field.DATA: "some images"}, "Data", "`some images` names no data", "`csv:`"),
        ({Field.DATA: "http://a.example/x.csv"}, "Data", "is not encrypted", "`https://`"),
        (
            {Field.DATA: "https://a.example/x.csv"},
            "Data",
            "`a.example` is not among the hosts",
            'allowed_hosts = ["a.example"]',
        ),
        ({Field.DATA: "csv:none.csv"}, "Data", "no file `none.csv`", "There is `csv:data.csv`"),
        ({Field.DATA: "sklearn:diggits"}, "Data", "no data set", "Did you mean `sklearn:digits`"),
        ({Field.BOARDS: "none"}, "Boards", "no board is named", "There are `host`"),
        (
            {Field.BOARDS: "mps2-an385"},
            "Boards",
            "`mps2-an385` is no board",
            "Did you mean `mps2-an386`",
        ),
        ({Field.BOARDS: "Arduino Uno"}, "Boards", "`Arduino Uno` is no board", "There are"),
        ({Field.ACCURACY: "_No response_"}, "Accuracy (%)", "no accuracy", "held-out"),
        ({Field.ACCURACY: "120"}, "Accuracy (%)", "more than 100 %", "one number"),
        ({Field.ACCURACY: "1"}, "Accuracy (%)", "1 % or 100 %", "one number"),
        ({Field.FLASH: "0 KB"}, "Flash (KB)", "room for nothing", "one number"),
        ({Field.RAM: "lots"}, "RAM (KB)", "no number", "one number"),
        ({Field.LATENCY: "0"}, "Latency (ms)", "no time", "one number"),
        ({Field.LATENCY: "0 instructions"}, "Latency (ms)", "no instruction", "one number"),
        (
            {Field.FLASH: "8 MB"},
            "Flash (KB)",
            "8,192 KB of flash are allowed, but `mps2-an386` has 4,096",
            "Lower",
        ),
        ({Field.TASK: "regression"}, "Task", "no kind of task", "`tabular-sensor`"),
        ({Field.TASK: "image-classification"}, "Task", "has 3 number columns", "height and width"),
        (
            {Field.TASK: "image", Field.DATA: "sklearn:wine"},
            "Task",
            "`sklearn:wine` holds data for",
            "leave the task",
        ),
        (
            {Field.LABELS: "a, c"},
            "Labels",
            "lists `a`, `c`, but the data hold `a`, `b`",
            "letter by letter",
        ),
        ({Field.LABELS: "A, B"}, "Labels", "lists `A`, `B`", "letter by letter"),
        ({Field.LABEL_COLUMN: "fruit"}, "Label column", "no column `fruit`", "Name one of them"),
        (
            {Field.RAW_SAMPLE: "2 x 2"},
            "Raw sample",
            "which is 4 values, but `csv:data.csv` has 3",
            "Correct",
        ),
        ({Field.RAW_SAMPLE: "uint8"}, "Raw sample", "reach from 0 to 739", "Correct the type"),
        ({Field.RAW_SAMPLE: "3 int64"}, "Raw sample", "`int64` is not known", "type of one value"),
    ],
)
def test_what_is_asked(
    folder: Path, changes: dict[Field, str], field: str, found: str, asked: str
) -> None:
    question = only_question(ask(folder, changes))
    assert question.field == field
    assert found in question.found
    assert asked in question.asked


def test_everything_is_asked_at_once(folder: Path) -> None:
    end = ask(folder, {Field.ACCURACY: "120", Field.BOARDS: "pdp11", Field.LABELS: "x, y"})
    assert isinstance(end, Questions)
    assert [q.field for q in end.questions] == ["Boards", "Accuracy (%)", "Labels"]
    text = end.markdown()
    assert text.startswith("3 things must be settled")
    assert "**1. Boards:** `pdp11` is no board" in text
    assert "For example: `95 %`" in text


def test_an_empty_form_and_an_empty_wish_are_asked_about(folder: Path) -> None:
    body = "\n".join(f"### {field.value}\n\n_No response_\n" for field in Field)
    for text in (body, "please"):
        end = understand(parse_request(text, folder / "issue.md"), folder)
        assert isinstance(end, Questions)
        assert {"Data", "Boards", "Accuracy (%)"} <= {q.field for q in end.questions}


def test_a_misspelt_heading_is_asked_about(folder: Path) -> None:
    text = "### Goal\n\nx\n\n### Boards\n\nhost\n\n### Latencyy (ms)\n\n3\n"
    end = understand(parse_request(text, folder / "issue.md"), folder)
    assert "no field of the form" in only_question(end).found


def test_no_limit_is_an_answer(folder: Path) -> None:
    end = ask(folder, {Field.ACCURACY: "no limit", Field.LATENCY: "50,000 instructions"})
    assert isinstance(end, Understood)
    assert (end.goal.limits.accuracy_min, end.goal.limits.latency_max_ms) == (None, None)
    assert end.goal.limits.instructions_max == 50_000


def test_columns_may_be_pixels(tmp_path: Path) -> None:
    header = ",".join(["digit", *(f"p{i}" for i in range(16))])
    lines = [
        ",".join([str(k), *(str((i * 3 + j * k) % 256) for j in range(16))])
        for k in range(2)
        for i in range(40)
    ]
    (tmp_path / "data.csv").write_text("\n".join([header, *lines]))
    end = ask(
        tmp_path,
        {
            Field.TASK: "image-classification",
            Field.LABEL_COLUMN: "digit",
            Field.RAW_SAMPLE: "4 x 4 grey levels",
        },
    )
    assert isinstance(end, Understood)
    assert (end.goal.raw.shape, end.goal.raw.names, end.goal.raw.unit) == (
        (4, 4),
        (),
        "grey levels",
    )


def test_a_wider_type_may_be_asked_for(folder: Path) -> None:
    end = ask(folder, {Field.RAW_SAMPLE: "raw counts, float32"})
    assert isinstance(end, Understood)
    assert (end.goal.raw.dtype, end.goal.raw.unit) == (RawType.FLOAT32, "raw counts")


def test_a_bare_path_is_a_csv_file(folder: Path) -> None:
    end = ask(folder, {Field.DATA: "`data.csv`"})
    assert isinstance(end, Understood)
    assert end.goal.data.uri == "csv:data.csv"


def test_boards_of_the_command_line_come_first(folder: Path) -> None:
    request = parse_request(
        "### Goal\n\nx\n\n### Data\n\ncsv:data.csv\n\n### Accuracy\n\n90\n", folder
    )
    end = understand(request, folder, instead=("host",))
    assert isinstance(end, Understood)
    assert end.goal.boards == ("host",)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Cortex-M4", "mps2-an386"),
        ("cortex m4f", "mps2-an386"),
        ("M7", "mps2-an500"),
        ("AN386", "mps2-an386"),
        ("Cortex-M55", "mps3-an547"),
        ("STM32F405", "netduinoplus2"),
        ("stm32f405rgt6", "netduinoplus2"),
        ("on my laptop", "host"),
        ("MPS2 AN386", "mps2-an386"),
        ("pdp11", None),
        ("", None),
    ],
)
def test_board_names(text: str, name: str | None) -> None:
    assert find_board(text, BOARDS) == name


def test_near_boards() -> None:
    assert near_boards("mps2-an387", BOARDS)[0] == "mps2-an386"
    assert near_boards("zzz", BOARDS) == ()


ANSWERS = st.sampled_from(
    ["csv:data.csv", "sklearn:wine", "95 %", "0", "a, b", "8 x 8", "", "none", "mps2-an386", "x"]
)


@given(st.dictionaries(st.sampled_from(list(Field)), ANSWERS | st.text(max_size=30), max_size=12))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_any_form_is_understood_or_asked_about(folder: Path, answers: dict[Field, str]) -> None:
    body = "".join(f"### {field.value}\n\n{answer}\n\n" for field, answer in answers.items())
    try:
        request = parse_request(body, folder / "issue.md")
    except RequestError:
        return
    end = understand(request, folder)
    if isinstance(end, Questions):
        assert end.questions
        assert end.markdown()
