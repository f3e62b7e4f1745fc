"""The page as a whole."""

from __future__ import annotations

from prisml.commands.page.multiples import multiples
from prisml.commands.page.past import Past, read_past
from prisml.commands.page.style import STYLE
from prisml.commands.page.tables import log_table, versions_table
from prisml.commands.page.text import count, escape, isolated, moment, percent
from prisml.commands.page.timeline import timeline
from prisml.registry.registry import Registry

# Whatever a name or a reason holds, a browser runs and fetches nothing for this page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def history_page(registry: Registry, name: str) -> str:
    """The model's history as one HTML file that needs no script, no font and no network.

    A timeline of what served and which experiments ran, each metric over the versions, and both as tables. It says nothing of where the
    registry is, and equal histories make equal pages. ``ModelNotFoundError`` where the registry has no such model.
    """
    return render(read_past(registry, name))


def render(past: Past) -> str:
    """The page that tells ``past``."""
    sections = (
        _section("timeline", "What served, and when", timeline(past)),
        _section("metrics", "Metrics over versions", multiples(past)),
        _section("deployments", "Deployments", log_table(past) if past.log else '<p class="none">None.</p>'),
        _section("versions", "Versions", versions_table(past)),
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(past.name)}: history</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{isolated(past.name)}</h1>\n<p>{_summary(past)}</p>\n{_nav()}\n</header>\n"
        f"<main>\n{''.join(sections)}</main>\n<footer><p>{_footer(past)}</p></footer>\n</body>\n</html>\n"
    )


def _section(anchor: str, title: str, body: str) -> str:
    return f'<section id="{anchor}" aria-labelledby="{anchor}-title">\n<h2 id="{anchor}-title">{title}</h2>\n{body}\n</section>\n'


def _nav() -> str:
    links = (("timeline", "Timeline"), ("metrics", "Metrics"), ("deployments", "Deployments"), ("versions", "Versions"))
    listed = "".join(f'<a href="#{anchor}">{title}</a>' for anchor, title in links)
    return f'<nav aria-label="On this page">{listed}</nav>'


def _summary(past: Past) -> str:
    living = sum(not told.deleted for told in past.versions)
    counted = f"{count(living, 'version')}, {count(len(past.log), 'deployment')}, {count(len(past.trials()), 'experiment')}."
    now = past.serving
    if now is None:
        return f"{counted} No version serves."
    since = past.spells()[-1].start
    serves = f"<strong>v{now.version}</strong> serves since {moment(since)} UTC."
    if now.experiment is None:
        return f"{serves} {counted}"
    shares = ", ".join(f"v{variant.version} {percent(variant.weight)}" for variant in now.experiment.variants)
    return f"{serves} Experiment {isolated(now.experiment.name)} runs: {shares}. {counted}"


def _footer(past: Past) -> str:
    if past.serving is None:
        return "Times are in UTC."
    return f"Times are in UTC. The log up to its entry {past.serving.position}, of {moment(past.serving.at)}."
