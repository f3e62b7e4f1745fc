"""A page as a list of elements."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "br"}


class Elements(HTMLParser):
    """Every element of a page, its attributes and its text; refuses one that is not closed where it was opened."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def check_stands_alone(page: str) -> None:
    """Every element is closed, every anchor exists once, and nothing is fetched or run: no script, link, image, handler or address."""
    elements = Elements(page)
    anchors = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(anchors) == len(set(anchors))
    assert {link["href"] for link in elements.named("a")} <= {f"#{anchor}" for anchor in anchors}
    assert {tag for tag, _ in elements.found} & {"script", "link", "img", "iframe", "object", "base", "form"} == set()
    names = {name for _, attributes in elements.found for name in attributes}
    assert names & {"src", "srcset", "action", "style", "xlink:href"} == set()
    assert not any(name.startswith("on") for name in names)
    assert "url(" not in page
    assert "//" not in page
    (policy,) = [meta["content"] for meta in elements.named("meta") if "http-equiv" in meta]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
