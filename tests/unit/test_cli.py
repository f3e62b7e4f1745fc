"""The group of commands: help, laziness, and how failures are told."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from prisml.cli.group import LazyGroup
from prisml.cli.main import COMMANDS, cli
from prisml.version import installed_version

HEAVY = ("sklearn", "skl2onnx", "onnx", "onnxruntime", "pandas", "rich", "prisml.commands", "prisml.training", "prisml.cli.train")


TRAINING = ("sklearn", "skl2onnx", "onnx", "pandas", "prisml.training")
GROUPS = {"experiment": ("start", "ramp", "status", "stop", "promote"), "registry": ("status", "upgrade")}
LEAVES = [*((name,) for name in COMMANDS if name not in GROUPS), *((group, name) for group, names in GROUPS.items() for name in names)]
"""Every command that does something, by its words."""


def found(words: tuple[str, ...]) -> click.Command:
    """The command of these words."""
    command: click.Command = cli
    for word in words:
        assert isinstance(command, LazyGroup)
        next_one = command.get_command(click.Context(command), word)
        assert next_one is not None, words
        command = next_one
    return command


def sentence_of(words: tuple[str, ...]) -> str:
    """What the list of its group says of the command of these words."""
    group = found(words[:-1])
    assert isinstance(group, LazyGroup)
    return group.sentences[words[-1]]


def test_help_lists_every_command_and_the_exit_codes():
    """``prisml --help`` names each command with its sentence, and says what each exit code means."""
    shown = CliRunner().invoke(cli, ["--help"], terminal_width=200)
    assert shown.exit_code == 0
    for name, sentence in COMMANDS.items():
        assert f"{name} " in shown.stdout
        assert sentence in shown.stdout
    for code in ("0 ", "1 ", "2 ", "3 ", "130 "):
        assert f"\n    {code}" in shown.stdout


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_each_help_teaches(words: tuple[str, ...]):
    """The help of each command begins with the sentence of the list, and has an example and its exit codes."""
    shown = CliRunner().invoke(cli, [*words, "--help"], terminal_width=200)
    assert shown.exit_code == 0
    assert f"\n\n  {sentence_of(words)}\n" in shown.stdout
    assert f"Example:\n    prisml {' '.join(words)}" in shown.stdout or f"| prisml {' '.join(words)} " in shown.stdout
    assert "Exit codes:\n    0 " in shown.stdout
    assert "\n    3    " in shown.stdout
    assert "\n    130  interrupted" in shown.stdout


@pytest.mark.parametrize(("group", "names"), GROUPS.items())
def test_the_help_of_a_group_lists_its_commands(group: str, names: tuple[str, ...]):
    """``prisml experiment --help`` names each of its commands with its sentence, has examples and the exit codes."""
    shown = CliRunner().invoke(cli, [group, "--help"], terminal_width=200)
    assert shown.exit_code == 0
    assert tuple(found((group,)).sentences) == names
    assert all(f"\n  {name} " in shown.stdout and sentence_of((group, name)) in shown.stdout for name in names)
    assert f"Example:\n    prisml {group} " in shown.stdout
    assert "Exit codes:\n    0 " in shown.stdout


@pytest.mark.parametrize("words", [[], ["experiment"], ["registry"]], ids=["prisml", "experiment", "registry"])
def test_help_loads_nothing_heavy(words: list[str]):
    """``prisml --help``, and that of a group, shows all its commands without importing one of them, nor scikit-learn, nor ONNX Runtime."""
    code = (
        "import sys, prisml.cli.main as m\n"
        f"try:\n    m.cli.main([*{words!r}, '--help'], prog_name='prisml')\n"
        f"except SystemExit as left:\n    print([name for name in {HEAVY!r} if name in sys.modules], left.code)\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[] 0"


@pytest.mark.parametrize("words", [words for words in LEAVES if words not in {("train",), ("check",)}], ids=" ".join)
def test_only_training_needs_the_training_stack(words: tuple[str, ...]):
    """Every other command is imported without scikit-learn, skl2onnx, onnx and pandas, which a machine that serves does not have."""
    code = (
        "import sys, prisml.cli.main as m\n"
        f"try:\n    m.cli.main([*{words!r}, '--help'], prog_name='prisml')\n"
        f"except SystemExit as left:\n    print([name for name in {TRAINING!r} if name in sys.modules], left.code)\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[] 0"


def test_completing_a_command_imports_none():
    """Tab after ``prisml`` offers every command with its sentence, without importing one of them."""
    code = (
        "import sys, click, prisml.cli.main as m\n"
        "offered = m.cli.shell_complete(click.Context(m.cli), 'r')\n"
        f"print([item.value for item in offered], [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "['report', 'rollback', 'register', 'registry'] []\n"


def test_the_command_line_itself_needs_no_sqlalchemy():
    """What the group adds to ``import prisml`` is click alone: completion and help wait for nothing else."""
    code = (
        "import sys, json, prisml; before = set(sys.modules); import prisml.cli.main\n"
        "print(json.dumps([name.split('.')[0] for name in set(sys.modules) - before]))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    added = set(json.loads(shown.stdout))
    assert {"click", "prisml"} <= added
    assert not added & {"sqlalchemy", "rich", "numpy", "pydantic", "sklearn", "onnxruntime"}


def test_version_is_the_installed_one():
    """``prisml --version`` prints the release and nothing else."""
    shown = CliRunner().invoke(cli, ["--version"])
    assert (shown.exit_code, shown.stdout) == (0, f"prisml {installed_version()}\n")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "frobnicate",
        "--nonsense",
        "train --nonsense",
        "activate churn",
        "activate churn 0",
        "activate churn -- -1",
        "activate churn 99999999999999999999",
        "activate churn ' '",
        "rollback",
        "rollback churn --to 0",
        "compare churn 1",
        "describe churn 1",
        "describe churn 1 --label a --no-label",
        "delete churn 1",
        "prune churn",
        "prune churn --keep -1 --yes",
        "history churn --as-of yesterday",
        "history churn --as-of 2026-01-01 --html x.html",
        "export churn",
        "export --to x",
        "export --all --version 3 --to x",
        "export churn --to x.prisml",
        "import",
        "register churn",
        "experiment",
        "experiment frobnicate",
        "experiment start churn",
        "experiment start churn 1",
        "experiment start churn 1=0.9 2=x",
        "experiment start churn 1=0.9 2=nan",
        "experiment start churn 1=0.9 2=1.1",
        "experiment start churn 1=0.9 =0.1",
        "experiment start churn 1=0.9 2=0.1 --force 42",
        "experiment start churn 1=0.9 2=0.1 --force 42=1 --force 42=2",
        "experiment promote",
        "registry",
        "registry upgrade churn",
    ],
)
def test_wrong_usage_is_exit_code_2(line: str):
    """A command line that cannot be understood ends with 2 and shows how it is used, on stderr alone."""
    shown = CliRunner().invoke(cli, line)
    assert shown.exit_code == 2
    assert "Usage: " in shown.stderr
    assert shown.stdout == ""


def test_wrong_usage_is_json_too():
    """With --json, wherever it stands, even an error of usage is a JSON object on stdout."""
    shown = CliRunner().invoke(cli, ["versions", "--nonsense", "--json"])
    assert shown.exit_code == 2
    assert json.loads(shown.stdout)["error"]["code"] == "usage"


@pytest.mark.parametrize("words", [*LEAVES, *((group,) for group in GROUPS)], ids=" ".join)
def test_each_command_is_found_in_its_own_module(words: tuple[str, ...]):
    """The lists of commands and the modules agree, and every option has a sentence of help."""
    command = found(words)
    assert command.name == words[-1]
    assert command.help is not None
    if words not in [(group,) for group in GROUPS]:
        assert command.help.startswith(sentence_of(words))
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


@pytest.mark.parametrize("words", [words for words in LEAVES if words not in {("predict",), ("completion",)}], ids=" ".join)
def test_each_command_has_the_options_that_all_have(words: tuple[str, ...]):
    """Every command takes --json and --debug, and --registry where it knows of versions: what training reads is asked of none."""
    names = {name for option in found(words).params for name in option.opts}
    assert {"--json", "--debug"} <= names
    assert ("--registry" in names) == (words not in {("features",), ("init",)})
