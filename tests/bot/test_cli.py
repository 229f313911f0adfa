from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from bot import journey
from bot.cli import invoke
from bot.errors import (
    ExitCode,
    Infrastructure,
    RequestError,
    SourceError,
    ToolMissing,
    explain,
)
from hardware_runner.errors import BoardBusy, BuildError, UnknownBoard
from hardware_runner.errors import ToolMissing as RunnerToolMissing
from model_compiler import HostBuildFailed, HostCompilerMissing, UnsupportedModel, dense_classifier

DIGITS = Path(__file__).parents[2] / "examples" / "issues" / "digits.md"
Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (RequestError("Bad.", "Mend it."), ExitCode.REQUEST, "Bad. Mend it."),
        (SourceError("Bad data."), ExitCode.REQUEST, "Bad data."),
        (UnknownBoard("There is no board 'x'."), ExitCode.REQUEST, "There is no board 'x'."),
        (BuildError("features.c does not compile"), ExitCode.REQUEST, "does not compile"),
        (UnsupportedModel("type INT16"), ExitCode.REQUEST, "type INT16"),
        (Infrastructure("Full.", "df -h"), ExitCode.MACHINE, "Full.\nTo mend it: df -h"),
        (ToolMissing("No git.", "apt-get install git"), ExitCode.MACHINE, "apt-get install git"),
        (RunnerToolMissing("gcc is not installed"), ExitCode.MACHINE, "gcc is not installed"),
        (BoardBusy("held by process 7"), ExitCode.MACHINE, "held by process 7"),
        (HostCompilerMissing("no cc"), ExitCode.MACHINE, "no cc"),
        (FileNotFoundError(2, "No such file", "x.tflite"), ExitCode.MACHINE, "x.tflite: No such"),
        (OSError(28, "No space left on device"), ExitCode.MACHINE, "left on device. Make room"),
        (ModuleNotFoundError("no", name="keras"), ExitCode.MACHINE, "setup"),
        (ModuleNotFoundError("no", name="bot"), ExitCode.OURS, "Boardwright's"),
        (HostBuildFailed("gcc said no"), ExitCode.OURS, "Boardwright's"),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "same command again"),
        (ZeroDivisionError(), ExitCode.OURS, "Boardwright's"),
    ],
)
def test_who_must_act(error: BaseException, code: ExitCode, said: str) -> None:
    explanation = explain(error)
    assert explanation.code is code
    assert said in explanation.message


def test_the_traceback_is_kept_where_the_message_says() -> None:
    try:
        raise ValueError("the secret cause")
    except ValueError as error:
        message = explain(error).message
    log = Path(message.rsplit(" ", 1)[1].rstrip("."))
    assert "the secret cause" in log.read_text()
    assert "the secret cause" not in message
    log.unlink()


@pytest.mark.parametrize("error", [SourceError("a", "b", "c"), ToolMissing("a", "b")])
def test_errors_survive_pickling(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  (made here)
    assert (type(again), str(again), again.args) == (type(error), str(error), error.args)


def test_version_and_help(capsys: Captured) -> None:
    assert invoke(["--version"]) == 0
    assert invoke(["--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("boardwright")
    assert all(
        word in out for word in ("run", "compile", "boards", "measure", "doctor", "benchmark")
    )


def test_help_does_not_wait_for_heavy_packages() -> None:
    code = (
        "import sys; from bot.cli import invoke; invoke(['--help']); "
        "print([m for m in ('numpy', 'pandas', 'tensorflow', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frob"], "No such command"),
        (["run"], "Missing"),
        (["run", "none.md", "--into", "x"], "There is no file `none.md`"),
        (["run", str(DIGITS), "--into", "x", "--board", "pdp11"], "There is no board 'pdp11'"),
        (["run", str(DIGITS), "--into", "x", "--author", "nobody"], "it is llm or template"),
        (["compile", "none.tflite", "-o", "x"], "There is no file none.tflite"),
        (["compile", str(DIGITS), "-o", "x"], "digits.md: "),
        (["compile", str(DIGITS), "-o", str(DIGITS)], "Name a folder for the C files"),
        (["measure", "none", "--board", "an386"], "There is no folder none"),
        (["measure", ".", "--board", "an386"], "holds no model.tflite"),
        (["benchmark", "none"], "There is no none"),
    ],
)
def test_mistakes_end_with_2_and_a_sentence(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert invoke(arguments) == ExitCode.REQUEST
    captured = capsys.readouterr()
    assert said in captured.err.replace("\n", " ")
    assert "Traceback" not in captured.err + captured.out
    assert not (tmp_path / "x").exists()


def test_questions_are_printed_and_end_with_2(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "wish.md").write_text("Recognise birds.")
    assert invoke(["run", str(tmp_path / "wish.md"), "--into", str(tmp_path / "x")]) == 2
    out = capsys.readouterr().out
    assert "3 things must be settled" in out
    assert "**2. Accuracy (%):**" in out
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (RuntimeError("boom"), 70), (Infrastructure("full"), 3)],
)
def test_what_happens_on_the_way(
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    tmp_path: Path,
    error: BaseException,
    code: int,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(journey, "run_stages", fail)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert invoke(["run", str(DIGITS), "--into", str(tmp_path / "x")]) == code
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1 or code == 70


def test_a_folder_with_other_files_is_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("must not be reached")

    monkeypatch.setattr(journey, "run_stages", fail)
    (tmp_path / "mine.txt").write_text("mine")
    assert invoke(["run", str(DIGITS), "--into", str(tmp_path)]) == ExitCode.REQUEST
    assert "mine.txt" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_boards_are_listed(capsys: Captured) -> None:
    assert invoke(["boards"]) == 0
    out = capsys.readouterr().out
    assert "mps2-an386" in out and "netduinoplus2" in out


def test_a_file_that_is_no_model(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"no model at all")
    assert invoke(["compile", str(tmp_path / "x.tflite"), "-o", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.strip()
    assert not (tmp_path / "out").exists()


def test_compile_writes_c_and_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    monkeypatch.setattr("model_compiler.load_model", lambda _: dense_classifier(4, 3))
    (tmp_path / "x.tflite").write_bytes(b"stands for the model made above")
    arguments = [
        "compile",
        str(tmp_path / "x.tflite"),
        "-o",
        str(tmp_path / "out"),
        "--name",
        "tiny",
    ]
    assert invoke([*arguments, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["macs"] == 12
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == figures["files"]
    assert "bw_tiny.c" in figures["files"]
    assert invoke(arguments) == 0
    assert "FULLY_CONNECTED" in capsys.readouterr().out
    assert invoke([*arguments[:-1], "Bad Name"]) == ExitCode.REQUEST
