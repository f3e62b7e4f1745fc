"""What people look at of a version: a page, a model card, or the figures themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from prisml.commands.card import model_card
from prisml.commands.page.report import Subject, report_page
from prisml.errors import ArtifactError, ConfigurationError, VersionNotFoundError
from prisml.manifest import read_manifest
from prisml.registry.bundle import require_free
from prisml.registry.registry import Registry
from prisml.report import read_report

Format = Literal["html", "card", "json"]
NAMES: dict[Format, str] = {"html": "report.html", "card": "README.md", "json": "report.json"}
"""The file's name in a folder, which is the one it has in a bundle."""
_ENDINGS: dict[Format, str] = {"html": ".html", "card": ".md", "json": ".json"}


def read_subject(registry: Registry, name: str, which: int | str | None = None) -> Subject:
    """All that is known of the version of that number or label, or of the one that serves."""
    version = registry.active(name) if which is None else registry.version(name, which)
    manifest = read_manifest(registry.manifest_text(version))
    text = registry.report_text(version)
    report = None if text is None else read_report(text)
    if report is not None and (report.name, report.task) != (manifest.name, manifest.task):
        raise ArtifactError(
            f"The report of version {version.number} of {name!r} is that of another model.",
            {"model": name, "version": version.number},
            ["Restore the artifact from where it was exported, or train again."],
        )
    return Subject(manifest, report, version)


def render_report(subject: Subject, form: Format) -> str:
    """The report as text; ``VersionNotFoundError`` where JSON is wanted of a version that has no report."""
    if form == "html":
        return report_page(subject)
    if form == "card":
        return model_card(subject)
    if subject.report is None:
        message = f"{subject.title} has no report: it was trained elsewhere, or by a release that made none."
        raise VersionNotFoundError(message, {"model": subject.manifest.name}, ["Train it again, or ask for --format html."])
    return subject.report.to_json()


def write_report(registry: Registry, name: str, which: int | str | None = None, *, to: Path | None = None, form: Format = "html") -> Path:
    """The file that the report was written to: ``to``, or in the folder ``to``; without it, one named by the version in this folder.

    ``ConfigurationError`` where it cannot be written, or would take the place of a README.md in a folder that is no bundle.
    """
    if to is not None and to.is_dir() and form == "card":
        require_free(to, NAMES[form])
    subject = read_subject(registry, name, which)
    text = render_report(subject, form)
    number = "" if subject.version is None else f"-{subject.version.number}"
    place = Path(f"{name}{number}-report{_ENDINGS[form]}") if to is None else to / NAMES[form] if to.is_dir() else to
    write_text(place, text)
    return place


def require_room(folder: Path) -> None:
    """``ConfigurationError`` where what ``write_beside`` writes would replace files of a folder that is no bundle yet."""
    require_free(folder, NAMES["card"], NAMES["html"])


def write_beside(registry: Registry, folder: Path, name: str, which: int | str) -> tuple[Path, ...]:
    """The page and the model card of a version, in the folder of its bundle."""
    subject = read_subject(registry, name, which)
    forms: tuple[Format, ...] = ("html", "card")
    written = tuple(folder / NAMES[form] for form in forms)
    for place, form in zip(written, forms, strict=True):
        write_text(place, render_report(subject, form))
    return written


def write_text(place: Path, text: str) -> None:
    """Write the file; ``ConfigurationError`` where that cannot be done."""
    try:
        place.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        kind = type(error).__name__
        raise ConfigurationError(
            f"{place} cannot be written: {kind}.", {"file": str(place)}, ["Name a file that you may write, in a folder that is there."]
        ) from None
