"""What ``prisml init`` asks, and what it takes where nobody is asked."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import click

from prisml.cli import render
from prisml.commands.init.choose import choose_entity
from prisml.commands.init.find import Search
from prisml.commands.init.imported import Imported
from prisml.commands.init.label import choose_label, labels_of
from prisml.commands.init.mapped import Entity

_NOBODY = "It asks {what}, and nobody can be asked here: add --yes to take the best guess, or give {options}."


@dataclass
class Asker:
    """Asks on stderr; with ``yes`` it takes the best guess, and remembers what it guessed and which option says otherwise."""

    yes: bool
    quiet: bool
    guessed: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)

    def to_import(self, found: Search) -> None:
        """Whether the modules that were found may be imported; ``click.Abort`` where not."""
        modules = list(dict.fromkeys(each.module for each in found.classes))
        shown = ", ".join(found.names[:8]) + (", ..." if len(found.names) > 8 else "")
        if not self.yes:
            self._require("whether it may import what it found", "the module as TARGET")
            self._say(f"{render.count(found.files, 'Python file')} read. Mapped classes: {shown}, in {', '.join(modules[:5])}.")
            if not click.confirm("Import them?", default=True, err=True):
                click.get_current_context().exit(1)

    def for_example(self, *, wanted: bool) -> None:
        """Whether the example is to be written, where there is no Python; leaves with 1 where not."""
        if not self.yes and not wanted:
            self._require("whether to write the example, since there is no Python here", "--example")
            if not click.confirm("There is no Python here. Write the example of a small shop?", default=True, err=True):
                click.get_current_context().exit(1)
        self.yes = True

    def entity(self, imported: Imported, name: str | None) -> Entity:
        """The entity that the user names, of several."""
        guess = choose_entity(imported, name)
        if name is not None or len(imported.entities) == 1:
            return guess
        names = [each.name for each in imported.entities]
        if self.yes:
            self._guess(f"the class {guess.name} (of {', '.join(names)})", "--entity")
            return guess
        self._require("which class gets the field", f"--entity {' or '.join(names)}")
        answer = click.prompt("Which class gets a predictive field?", type=click.Choice(names), default=guess.name, err=True)
        return imported.entity(answer)

    def label(self, entity: Entity, name: str | None) -> str:
        """The label that the user names, of several."""
        guess = choose_label(entity, name)
        offered = labels_of(entity)
        if name is not None or len(offered) == 1:
            return guess.name
        names = [each.name for each in offered]
        if self.yes:
            self._guess(f"the label {guess.name} (of {', '.join(names)})", "--label")
            return guess.name
        self._require("what is predicted", f"--label {' or '.join(names)}")
        self._say(f"What can be predicted of {entity.name}:")
        for each in offered:
            self._say(f"  {each.described}")
        return str(click.prompt("What shall be predicted?", type=click.Choice(names), default=guess.name, err=True))

    def _guess(self, what: str, option: str) -> None:
        self.guessed.append(what)
        self.otherwise.append(option)

    def _require(self, what: str, how: str) -> None:
        if self.quiet or not sys.stdin.isatty():
            raise click.UsageError(_NOBODY.format(what=what, options=how))

    def _say(self, text: str) -> None:
        render.say(text, stderr=True)
