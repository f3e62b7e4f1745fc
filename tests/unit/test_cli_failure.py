"""How failures of the command line are told: messages, exit codes, JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml import errors
from prisml.cli import render
from prisml.cli.failure import Border, State, describe
from prisml.errors import PrisMLError, QualityGateError


def every_error() -> list[type[PrisMLError]]:
    """The classes of the tree, found rather than listed."""
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, PrisMLError)]
    assert len(found) > 15
    return found


@pytest.mark.parametrize("kind", every_error())
def test_every_error_has_its_exit_code_and_shows_the_way_out(kind: type[PrisMLError], capsys: pytest.CaptureFixture[str]):
    """An error of ours ends with its own exit code, as ``error[code]: message`` and suggestions, and no traceback."""
    with Border(State()) as border:
        raise kind("The [bold]thing[/bold] :smile: failed.", {"model": "churn"}, ["Do this.", "Or that."])
    out, err = capsys.readouterr()
    assert border.code == kind.exit_code
    assert err == f"error[{kind.code}]: The [bold]thing[/bold] :smile: failed.\n  hint: Do this.\n  hint: Or that.\n"
    assert out == ""


def test_an_error_is_json_on_stdout_and_text_on_stderr(capsys: pytest.CaptureFixture[str]):
    """With --json a program finds code, message, context and suggestions on stdout, and a person finds the text on stderr."""
    with Border(State(json=True)) as border:
        raise QualityGateError("No.", {"gates": ("roc_auc",), "active": None, "file": Path("x")}, ["Improve."])
    out, err = capsys.readouterr()
    assert border.code == 1
    assert json.loads(out) == {
        "ok": False,
        "exit_code": 1,
        "error": {
            "code": "quality_gate",
            "message": "No.",
            "context": {"gates": ["roc_auc"], "active": None, "file": "x"},
            "suggestions": ["Improve."],
        },
    }
    assert err.startswith("error[quality_gate]: No.")


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]):
    """--debug adds the traceback to the message, and changes nothing else."""
    with Border(State.of(["train", "--debug"])) as border:
        raise QualityGateError("No.")
    assert border.code == 1
    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err
    assert err.endswith("error[quality_gate]: No.\n")


def test_a_bug_is_exit_code_2_and_shows_no_value(capsys: pytest.CaptureFixture[str]):
    """What nobody foresaw is told by type and place, without its own words, which may quote data."""
    with Border(State()) as border:
        raise ValueError("ada@example.org")
    err = capsys.readouterr().err
    assert border.code == 2
    assert err.startswith("error[bug]: ValueError at test_cli_failure.py, line ")
    assert "ada" not in err
    assert "--debug" in err


@pytest.mark.parametrize("code", [0, None, 7])
def test_code_that_exits_is_a_bug(code: int | None, capsys: pytest.CaptureFixture[str]):
    """An ``exit()`` in code that a command calls ends it with 2 and a message, never with 0 and silence."""
    with Border(State()) as border:
        sys.exit(code)
    assert border.code == 2
    assert capsys.readouterr().err.startswith("error[bug]: SystemExit at test_cli_failure.py, line ")


@pytest.mark.parametrize("kind", [KeyboardInterrupt, click.Abort])
def test_an_interruption_is_130_and_says_what_was_done(kind: type[BaseException], capsys: pytest.CaptureFixture[str]):
    """Ctrl-C ends with 130 and with what the command says was and was not done."""
    with Border(State(interrupted=lambda: "Interrupted after two of three.")) as border:
        raise kind
    assert border.code == 130
    assert capsys.readouterr() == ("", "Interrupted after two of three.\n")
    with Border(State(json=True)) as border:
        raise kind
    document = json.loads(capsys.readouterr().out)
    assert (border.code, document["exit_code"], document["error"]["code"]) == (130, 130, "interrupted")


def test_a_broken_pipe_is_quiet(capsys: pytest.CaptureFixture[str]):
    """Nothing is said where whoever read the output has gone."""
    with Border(State()) as border:
        raise BrokenPipeError
    assert border.code == 141
    assert capsys.readouterr() == ("", "")


def test_a_closed_reader_leaves_no_trace():
    """``prisml --help | head -0`` prints no traceback and no complaint of the interpreter."""
    reader, writer = os.pipe()
    os.close(reader)
    started = subprocess.run([sys.executable, "-m", "prisml", "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (started.returncode, started.stderr) == (141, "")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()), lambda inner: st.lists(inner) | st.tuples(inner)
    )
)
def test_the_description_of_any_error_is_json(value: object):
    """Whatever stands in an error's context, its description can be written as strict JSON."""
    text = render.line(describe(PrisMLError("x", {"value": value})))
    assert text.count("\n") == 1
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize("words", [["versions"], ["versions", "--json"], ["--help"]])
def test_an_output_without_room_is_told_once(words: list[str], tmp_path: Path):
    """Where stdout cannot be written, one message says so: no traceback, no bug, and never the exit code that means no."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "prisml", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith("error[output]: The output cannot be written: No space left on device.\n  hint: ")
    assert "Traceback" not in ended.stderr


def test_what_steers_a_terminal_is_replaced(capsys: pytest.CaptureFixture[str]):
    """In a table, a sentence and an error: escapes, and characters that turn the direction of writing."""
    evil = "a\x1b]0;owned\x07\u202eb"
    render.say(evil)
    render.console().print(render.table(evil, ["value"], [[evil]]))
    render.write_error(QualityGateError(evil, {}, [evil]))
    for written in capsys.readouterr():
        assert "owned" in written
        assert not {"\x1b", "\x07", "\u202e"} & set(written)
