"""``--debug``: the traceback, where it was asked for and nowhere else, and no secret in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.errors.world import World, make_world

PASSWORD = "S3CRET-pw"
MISTAKES = {
    "a file that is not there": ("train", "nothing.py"),
    "a module that raises": ("check", "raising.py"),
    "a model that is not there": ("show", "chrun"),
    "a database that does not run": ("train", "--database", f"postgresql+psycopg://ada:{PASSWORD}@127.0.0.1:1/shop"),
    "a registry that does not run": ("versions", "--registry", f"postgresql+psycopg://ada:{PASSWORD}@127.0.0.1:1/prisml"),
    "a URL that is none": ("versions", "--registry", f"postgresql://ada:{PASSWORD}@x@y/prisml"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The shop of the gallery."""
    with pytest.MonkeyPatch.context() as patch:
        made = make_world(tmp_path_factory.mktemp("shop"), patch)
        made.write("raising.py", "raise ValueError('of the module')\n")
        yield made
        made.customers.dispose()


@pytest.mark.parametrize("words", MISTAKES.values(), ids=MISTAKES)
def test_debug_adds_the_traceback_and_nothing_else_changes(world: World, words: tuple[str, ...]):
    """Before the command or behind it; without it there is none, and with it the message and the exit code are the same."""
    plain = world.prisml(*words)
    assert "Traceback" not in plain.output + plain.stderr
    assert plain.stderr.startswith("error[")
    for debugging in (("--debug", *words), (*words, "--debug")):
        shown = world.prisml(*debugging)
        assert shown.exit_code == plain.exit_code > 0
        assert "Traceback (most recent call last)" in shown.stderr
        assert shown.stderr.endswith(plain.stderr[plain.stderr.rindex("error[") :])
        assert PASSWORD not in shown.stderr + shown.stdout + plain.stderr


def test_an_error_of_the_users_module_is_shown_whole(world: World):
    """What the module raised, with its own words, is in the traceback that the hint asks for."""
    assert "of the module" not in world.prisml("check", "raising.py").stderr
    assert "ValueError: of the module" in world.prisml("check", "raising.py", "--debug").stderr


def test_a_command_that_is_misspelt_has_a_suggestion(world: World):
    """A command that is near is named, of a group too."""
    assert "Did you mean 'train'?" in world.prisml("trian").stderr
    assert "Did you mean 'promote'?" in world.prisml("experiment", "pomote", "churn").stderr
