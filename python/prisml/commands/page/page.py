"""The page as a whole."""

from __future__ import annotations

from prisml.commands.page.multiples import multiples
from prisml.commands.page.past import Past, read_past
from prisml.commands.page.shell import Section, document
from prisml.commands.page.style import STYLE
from prisml.commands.page.tables import log_table, versions_table
from prisml.commands.page.text import count, isolated, moment, percent
from prisml.commands.page.timeline import timeline
from prisml.registry.registry import Registry


def history_page(registry: Registry, name: str) -> str:
    """The model's history as one HTML file that needs no script, no font and no network.

    A timeline of what served and which experiments ran, each metric over the versions, and both as tables. It says nothing of where the
    registry is, and equal histories make equal pages. ``ModelNotFoundError`` where the registry has no such model.
    """
    return render(read_past(registry, name))


def render(past: Past) -> str:
    """The page that tells ``past``."""
    sections = (
        Section("timeline", "What served, and when", "Timeline", timeline(past)),
        Section("metrics", "Metrics over versions", "Metrics", multiples(past)),
        Section("deployments", "Deployments", "Deployments", log_table(past) if past.log else '<p class="none">None.</p>'),
        Section("versions", "Versions", "Versions", versions_table(past)),
    )
    header = f"<h1>{isolated(past.name)}</h1>\n<p>{_summary(past)}</p>"
    return document(f"{past.name}: history", style=STYLE, header=header, sections=sections, footer=_footer(past))


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
