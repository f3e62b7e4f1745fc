"""``prisml verify``."""

from __future__ import annotations

import click

from prisml.cli import options, render
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.verify import verify as verify_registry
from prisml.errors import EXIT_NO
from prisml.registry.verification import Verification


@options.command(
    "prisml verify",
    "prisml verify --repair --json",
    _0="all that is needed is there and undamaged",
    _1="something is damaged or missing",
)
@click.option("--repair", is_flag=True, help="Delete what no version needs, as a writer that was killed may leave it; nothing else.")
@options.registry
@options.as_json
def verify(repair: bool, registry: str | None, as_json: bool) -> int:
    """Read everything that the registry holds, and check it.

    Reads the manifest and the graph of every version and compares them with their SHA-256 and with each other, and looks whether the
    log names versions that are there. What is damaged has to be restored from a backup, or trained again.
    """
    if repair:
        look_with("prisml verify")
    opened = open_registry(registry)
    found = verify_registry(opened, repair=repair)
    code = EXIT_NO if found.problems else 0
    if as_json:
        render.write_json({"ok": code == 0, "exit_code": code, **_document(found)})
    else:
        _write(found, opened.place)
    return code


def _document(found: Verification) -> dict[str, object]:
    problems = [{"name": each.name, "version": each.version, "message": each.message} for each in found.problems]
    return {
        "versions": found.versions,
        "blobs": found.blobs,
        "bytes": found.bytes,
        "problems": problems,
        "orphans": list(found.orphans),
        "repaired": found.repaired,
    }


def _write(found: Verification, place: str) -> None:
    read = f"{render.count(found.versions, 'version')}, {render.count(found.blobs, 'blob')}, {render.size(found.bytes)}"
    if found.problems:
        rows = [(each.name, "" if each.version is None else str(each.version), each.message) for each in found.problems]
        render.console().print(render.table(f"{place} is damaged", ("model", "version", "what is wrong"), rows, right=("version",)))
        render.say(
            f"{len(found.problems):,} of what was read is wrong ({read}). Restore it from a backup, or train again.", style="bold red"
        )
    elif found.versions or found.blobs:
        render.say(f"{place} is whole: {read}.")
    else:
        render.say(f"{place} is empty: there is nothing to check. Is it the right place?")
    if found.orphans:
        one = len(found.orphans) == 1
        lies = "lies there and does no harm" if one else "lie there and do no harm"
        told = f"{'was' if one else 'were'} deleted." if found.repaired else f"{lies}: prisml verify --repair"
        render.say(f"{render.count(len(found.orphans), 'blob')} that no version needs {told}")
