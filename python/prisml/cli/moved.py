"""How a change of what serves is told."""

from __future__ import annotations

from prisml.cli import document, render
from prisml.commands.moved import Moved


def write(done: Moved, *, as_json: bool, again: bool = False) -> None:
    """A sentence, or a document with the version, the number before it and the experiment that ended."""
    version = done.version
    if as_json:
        ended = None if done.ended is None else done.ended.name
        render.write_json(document.answer(changed=done.changed, before=done.before, ended=ended, **document.of_version(version)))
        return
    of = f"Version {version.number} of {version.name}"
    if not done.changed:
        render.say(f"{of} serves already; nothing was changed.")
        return
    if done.before is None:
        served = "no version served before"
    elif done.before == version.number:
        served = "it served before too"
    else:
        served = f"version {done.before} served before"
    ended = "" if done.ended is None else f", and experiment {done.ended.name!r} has ended"
    render.say(f"{of} serves {'again' if again else 'now'} ({served}){ended}.")
