"""``prisml init``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from prisml.cli import options, render
from prisml.cli.asking import Asker
from prisml.cli.completion import entity_names, targets_and_files
from prisml.commands.init.choose import Wanted, choose, place_of
from prisml.commands.init.find import Search, search
from prisml.commands.init.imported import Imported, import_found, import_target
from prisml.commands.init.look import looking
from prisml.commands.init.names import is_attribute
from prisml.commands.init.origin import Origin, origin_of
from prisml.commands.init.plan import Plan, example, plan
from prisml.commands.init.source import Chosen
from prisml.commands.init.write import Change
from prisml.config import Config
from prisml.errors import DefinitionError


@dataclass(frozen=True)
class _Place:
    """Where the application is read, the SQLite files that it names, and what comes with the definition: of an example, its files."""

    home: Path
    imported: Imported
    databases: tuple[str, ...]
    first: tuple[Change, ...] = ()


@options.command(
    "prisml init",
    "prisml init shop/models.py --entity Customer --label churned",
    "prisml init --yes --dry-run",
    _0="written, and the definition is one",
    _1='the answer to "Import them?" or "Write the example?" was no',
    _2="there is no mapped class, a file is in the way, nobody can be asked, wrong usage, or a bug",
)
@click.argument("target", required=False, metavar="[MODULE | FILE]", shell_complete=targets_and_files)
@click.option("--entity", metavar="CLASS", shell_complete=entity_names, help="The mapped class that gets the field.")
@click.option("--label", metavar="NAME", help="What is predicted: a column, or a to-many relationship (whether nothing comes in 90 days).")
@click.option("--output", metavar="NAME", help="The field's name, as in churn_probability.")
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where the definition goes, in place of ml.py.")
@click.option("--example", "wants_example", is_flag=True, help="Bring the application of an example too, as into an empty folder.")
@options.database
@click.option("--yes", is_flag=True, help="Ask nothing: take the best guess, and say what was guessed.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@options.as_json
def init(
    target: str | None,
    entity: str | None,
    label: str | None,
    output: str | None,
    to: Path | None,
    wants_example: bool,
    database: str | None,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write a first definition for classes that SQLAlchemy maps.

    Without a target, the Python files of this folder are read for mapped classes, and none is imported before you agree. What is asked
    is which class, and what to predict of it; options answer beforehand. Written are the definition, a test of it, and
    [tool.prisml] in pyproject.toml. No file is overwritten; where anything fails, nothing is written.

    Where a database is named, or the code names a SQLite file that is there, it is looked at, to tell categories from texts. Into an
    empty folder comes the application of an example, with a script that fills SQLite.
    """
    folder = Path.cwd()
    if output is not None and not is_attribute(output):
        raise click.BadParameter("is no name that an attribute can have", param_hint="--output")
    ask = Asker(yes=yes, quiet=as_json)
    config = Config.read(database=database)
    with _found(target, folder, ask, wants_example=wants_example) as place:
        origin = origin_of(place.databases, is_there=not place.first, given=database, config=config)
        chosen_entity = ask.entity(place.imported, entity)
        chosen_label = ask.label(chosen_entity, label)
        with looking(origin.look_at) as look:
            chosen = choose(place.imported, chosen_entity, Wanted(chosen_entity.name, chosen_label, output), look)
            rows = look.rows(chosen_entity.cls)
        where = (folder / to).resolve() if to is not None else place_of(chosen_entity, folder, place.home)
        planned = plan(chosen, folder, where, database=origin.write, root=config.root, first=place.first)
    if not dry_run:
        planned.write()
    if as_json:
        render.write_json(_document(chosen, planned, ask, dry_run=dry_run))
    else:
        _show(chosen, planned, ask, rows, origin, dry_run=dry_run)


@contextlib.contextmanager
def _found(target: str | None, folder: Path, ask: Asker, *, wants_example: bool) -> Iterator[_Place]:
    """The application that a definition is written for: what is named, what is found, or the example."""
    found = Search(folder, 0) if wants_example else search(folder)
    if target is not None:
        yield _Place(folder, import_target(target, folder, found), found.databases)
    elif found.classes:
        ask.to_import(found)
        yield _Place(folder, import_found(found, folder), found.databases)
    elif found.files:
        raise _nothing_in(found)
    else:
        ask.for_example(wanted=wants_example)
        with example(folder) as (home, changes):
            inside = search(home)
            yield _Place(home, import_found(inside, home), inside.databases, changes)


def _nothing_in(found: Search) -> DefinitionError:
    hints = [
        "Name the module or file that holds them: prisml init shop/models.py.",
        "Or begin with an example: prisml init --example.",
    ]
    if found.unreadable:
        names = ", ".join(str(file.relative_to(found.folder)) for file in found.unreadable[:3])
        hints.insert(0, f"{render.count(len(found.unreadable), 'file')} could not be read as Python: {names}.")
    searched = f"{render.count(found.files, 'Python file')} under {found.folder} {'was' if found.files == 1 else 'were'} read"
    return DefinitionError(f"No class that SQLAlchemy maps was found: {searched}.", {"files": found.files}, hints)


def _next(planned: Plan) -> list[str]:
    fill = ["python -m shop.fill"] if any(change.file.name == "fill.py" for change in planned.changes) else []
    target = f" {planned.target}" if planned.by_hand else ""
    return [*fill, f"prisml check{target}", f"prisml train{target}"]


def _show(chosen: Chosen, planned: Plan, ask: Asker, rows: int | None, origin: Origin, *, dry_run: bool) -> None:
    seen = "" if rows is None else f" ({render.count(rows, 'row')})"
    render.say(f"{chosen.entity.name}{seen} gets the field {chosen.output}: {chosen.label.described}.")
    if ask.guessed:
        render.say(f"Guessed: {' and '.join(ask.guessed)}. Say otherwise with {' and '.join(ask.otherwise)}.")
    for change in planned.changes:
        name = change.file.relative_to(planned.folder) if change.file.is_relative_to(planned.folder) else change.file
        verb = "would write" if dry_run else "wrote"
        render.say(f"  {verb if change.is_new else verb.replace('write', 'add to').replace('wrote', 'added to')} {name}")
    if dry_run:
        render.say(f"\n{next(change.text for change in planned.changes if change.file == planned.definition)}")
    for sentence in (*planned.by_hand, *origin.by_hand):
        render.say(sentence)
    taken, left = (
        render.count(len(each), "feature" if each is chosen.draft.taken else "column")
        for each in (chosen.draft.taken, chosen.draft.left_out)
    )
    render.say(f"{taken}; {left} left out, each with its reason in {planned.definition.name}: read it before you train.")
    if not dry_run:
        render.say("Next:\n" + "\n".join(f"  {command}" for command in _next(planned)))


def _document(chosen: Chosen, planned: Plan, ask: Asker, *, dry_run: bool) -> dict[str, object]:
    return {
        "ok": True,
        "exit_code": 0,
        "dry_run": dry_run,
        "model": chosen.variable,
        "entity": chosen.entity.name,
        "label": chosen.label.name,
        "output": chosen.output,
        "guessed": list(ask.guessed),
        "features": [each.name for each in chosen.draft.taken],
        "left_out": [{"name": each.name, "why": each.why} for each in chosen.draft.left_out],
        "files": [{"file": str(change.file), "new": change.is_new, "text": change.text} for change in planned.changes],
        "by_hand": list(planned.by_hand),
        "next": _next(planned),
    }
