"""Where in a definition something is wrong, so that every refusal names the model and the feature."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from prisml.errors import DefinitionError


@dataclass(frozen=True)
class Place:
    """One part of one definition, as messages name it."""

    entity: str
    output: str
    part: str = "the definition"
    feature: str | None = None

    def of_feature(self, name: str) -> Place:
        """The place of the feature called ``name``."""
        return Place(self.entity, self.output, f"feature {name!r}", name)

    def of(self, part: str) -> Place:
        """The place of another part, in the words of a message: ``"the label"``."""
        return Place(self.entity, self.output, part)

    def error(self, what: str, *suggestions: str) -> DefinitionError:
        """The refusal to raise: ``what`` goes on from the part's name; each suggestion is a sentence with a way out."""
        context = {"entity": self.entity, "output": self.output}
        if self.feature is not None:
            context["feature"] = self.feature
        return DefinitionError(f"{self.entity}.{self.output}: {self.part} {what}.", context, suggestions)


def choose_from(known: Iterable[str], given: object) -> str:
    """A sentence that offers the nearest of the ``known`` names, and lists them all."""
    names = list(known)
    near = difflib.get_close_matches(str(given).lower(), names, n=1) if isinstance(given, str) else []
    listed = f"Known are: {', '.join(names)}."
    return f"Did you mean {near[0]!r}? {listed}" if near else listed
