"""Every kind of error, provoked from outside: what the user sees of it, and what holds for all of them."""

from __future__ import annotations

import copy
import json
import os
import pickle
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

import prisml
from prisml.cli.failure import describe
from prisml.cli.main import cli
from prisml.cli.render import line
from prisml.errors import PrisMLError
from tests.errors.gallery import CASES, NUMBER, Case, Seen, look, text
from tests.errors.sites import known_sites, provoked, unprovoked_listed, write_unprovoked
from tests.errors.world import World, make_world

for _module in ("definition", "training", "serving", "registry", "cli", "init", "bundle", "extraction", "orm"):
    import_module(f"tests.errors.cases_{_module}")

SNAPSHOTS = Path(__file__).parents[2] / "docs/reference/errors/seen"
UPDATE = os.environ.get("PRISML_UPDATE_ERRORS") == "1"
"""PRISML_UPDATE_ERRORS=1 writes the snapshots anew; look at their difference before you commit it."""

_NOT_ENGLISH = re.compile(r"\ba [aeio]\w+|NoneType|<class|object at 0x|(?<![-\d,.])1 (?:rows|versions|columns|classes)\b|  ")

CODES = sorted({each.code for each in CASES})


def tree(kind: type[PrisMLError] = PrisMLError) -> list[type[PrisMLError]]:
    """The public classes of errors below ``kind``."""
    below = [each for each in kind.__subclasses__() if each.__module__ == "prisml.errors"]
    return [*below, *(deeper for each in below for deeper in tree(each))]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, dict[str, tuple[Case, Seen]]]]:
    """Every case, provoked once."""
    with pytest.MonkeyPatch.context() as patch:
        world = make_world(tmp_path_factory.mktemp("shop"), patch)
        assert len({each.title for each in CASES}) == len(CASES), "two cases have one title"
        yield world, {each.title: (each, look(each, world)) for each in CASES}
        world.customers.dispose()


@pytest.mark.parametrize("code", CODES)
def test_what_the_user_sees_is_what_was_read_and_found_good(gallery: tuple[World, dict[str, tuple[Case, Seen]]], code: str):
    """Message, hints and the keys of the context, case by case, are those of the snapshot."""
    world, seen = gallery
    found = "\n".join(text(each, of, world) for each, of in seen.values() if each.code == code)
    place = SNAPSHOTS / f"{code}.txt"
    if UPDATE:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(found)
    assert found == place.read_text(), "if this is meant: PRISML_UPDATE_ERRORS=1, and read the difference"


def test_every_class_of_the_tree_is_provoked():
    """No class of the tree is without a case, and every one has a code of its own."""
    assert sorted(each.code for each in tree()) == CODES


def test_each_case_ends_as_its_class_says(gallery: tuple[World, dict[str, tuple[Case, Seen]]]):
    """The code is the one expected, and the exit code, of a command too, is that of the class."""
    for each, seen in gallery[1].values():
        assert (seen.error.code, seen.exit_code) == (each.code, seen.error.exit_code), (each.title, seen.shown)


def test_messages_are_sentences_that_name_what_failed(gallery: tuple[World, dict[str, tuple[Case, Seen]]]):
    """Message and suggestions begin as sentences and end with a full stop; the message names model, feature and row where it has them."""
    assert [fault for each, seen in gallery[1].values() for fault in _faults(each, seen.error)] == []


def _faults(each: Case, error: PrisMLError) -> Iterator[tuple[str, str]]:
    told = (error.message, *error.suggestions)
    for sentence in told:
        if not sentence.rstrip("\")'").endswith((".", "?")) and not sentence.startswith("pip install"):
            yield each.title, f"no full stop: {sentence}"
    for name in _NOT_ENGLISH.findall(" ".join(told)):
        yield each.title, f"not English: {name}"
    if not error.suggestions:
        yield each.title, "no way out"
    named = [*each.names, *(str(error.context[key]) for key in ("model", "feature") if key in error.context)]
    if isinstance(error.context.get("row"), int):
        # A row of a file is known by its line.
        named.append(f"{'line' if 'line' in error.context else 'row'} {error.context['row']}")
    for name in named:
        if name.lower() not in error.message.lower():
            yield each.title, f"does not name {name}"


def test_no_value_of_the_user_is_shown(gallery: tuple[World, dict[str, tuple[Case, Seen]]]):
    """Neither message, hints, context nor what is chained holds a value of the data or a password, in any spelling."""
    shown = []
    for each, seen in gallery[1].values():
        error = seen.error
        told = [str(error), repr(error), repr(dict(error.context)), seen.shown, line(describe(error))]
        told += [f"{chained!r} {chained}" for chained in _chain(error)]
        shown += [(each.title, words) for words in told if re.search(rf"S3CRET|{NUMBER}|{NUMBER:,}", words)]
    assert shown == []


def _chain(error: BaseException) -> Iterator[BaseException]:
    """What a traceback shows beside the error, but what the user's own code raised."""
    below, known = error, {id(error)}
    while (next_one := below.__cause__ or (None if below.__suppress_context__ else below.__context__)) and id(next_one) not in known:
        below = next_one
        known.add(id(below))
        if type(below).__module__.partition(".")[0] in {"prisml", "sqlalchemy", "sqlite3", "pydantic"}:
            yield below


def test_errors_travel(gallery: tuple[World, dict[str, tuple[Case, Seen]]]):
    """Each error is the same after pickle and after copy, as between processes, and its description is JSON."""
    for each, seen in gallery[1].values():
        for other in (_pickled(seen.error), copy.copy(seen.error), copy.deepcopy(seen.error)):
            assert type(other) is type(seen.error)
            assert (other.message, dict(other.context), other.suggestions) == (
                seen.error.message,
                dict(seen.error.context),
                seen.error.suggestions,
            ), each.title
        json.loads(line(describe(seen.error)))


def _pickled(error: PrisMLError) -> PrisMLError:
    again: PrisMLError = pickle.loads(pickle.dumps(error))  # noqa: S301 -- It was written on this line.
    return again


def test_every_command_that_is_suggested_is_one(gallery: tuple[World, dict[str, tuple[Case, Seen]]]):
    """``prisml WORD --option`` in a suggestion is a command of this release, with that option."""
    suggested = [(each, hint) for each, seen in gallery[1].values() for hint in seen.error.suggestions]
    found = {name for _, hint in suggested for name in re.findall(r"\bprisml ([a-z]+)(?! release)", hint)} - {"to"}
    assert found <= set(cli.list_commands(click.Context(cli)))
    assert len(found) > 5
    of_ours = [(each, hint) for each, hint in suggested if "docker" not in hint]
    options = {(each.title, option) for each, hint in of_ours for option in re.findall(r"(?<![\w-])--[a-z-]+", hint)}
    known = _options(cli)
    assert [(title, option) for title, option in options if option not in known] == []


def _options(command: click.Command) -> set[str]:
    own = {option for parameter in command.params for option in parameter.opts}
    if isinstance(command, click.Group):
        context = click.Context(command)
        own |= {option for name in command.list_commands(context) for option in _options(command.get_command(context, name))}
    return own


def test_every_name_that_is_suggested_is_there(gallery: tuple[World, dict[str, tuple[Case, Seen]]]):
    """``prisml.name`` and ``engine.name`` in a suggestion can be called in this release."""
    for each, seen in gallery[1].values():
        for owner, name in re.findall(r"\b(prisml|engine|registry)\.([a-z_]+)(?=\()", " ".join(seen.error.suggestions)):
            places = {"prisml": prisml, "engine": prisml.Engine, "registry": prisml.Registry}
            assert hasattr(places[owner], name), (each.title, owner, name)


def test_a_raise_that_no_case_provokes_is_on_the_list(gallery: tuple[World, dict[str, tuple[Case, Seen]]]):
    """A new raise needs a case in the gallery, or a line in unprovoked.txt."""
    lines = set().union(*(seen.sites for _, seen in gallery[1].values()))
    every = known_sites()
    left = sorted(name for name, site in every.items() if not provoked(site, lines))
    if UPDATE:
        write_unprovoked(left, len(every))
    assert left == unprovoked_listed()
