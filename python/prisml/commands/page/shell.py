"""What every page has: one file of HTML that needs no script, no font and no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prisml.commands.page.text import escape

# Whatever a name or a reason holds, a browser runs and fetches nothing for this page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class Section:
    """A part of a page; ``link`` is its title in the navigation."""

    anchor: str
    title: str
    link: str
    body: str

    def __str__(self) -> str:
        name = f"{self.anchor}-title"
        return f'<section id="{self.anchor}" aria-labelledby="{name}">\n<h2 id="{name}">{self.title}</h2>\n{self.body}\n</section>\n'


def document(title: str, *, style: str, header: str, sections: Sequence[Section], footer: str) -> str:
    """The page; ``header``, ``footer`` and the sections are HTML, ``title`` is text."""
    links = "".join(f'<a href="#{section.anchor}">{section.link}</a>' for section in sections)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>{style}</style>\n</head>\n<body>\n<header>\n{header}\n"
        f'<nav aria-label="On this page">{links}</nav>\n</header>\n'
        f"<main>\n{''.join(map(str, sections))}</main>\n<footer><p>{footer}</p></footer>\n</body>\n</html>\n"
    )
