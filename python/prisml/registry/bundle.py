"""An artifact, and the folder it travels in: ``manifest.json``, ``model.onnx``, and ``report.json`` where there is a report."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

from prisml.errors import ArtifactError, ConfigurationError, LimitExceededError
from prisml.manifest import Manifest, read_manifest

MANIFEST_FILE = "manifest.json"
MODEL_FILE = "model.onnx"
REPORT_FILE = "report.json"
LARGEST_REPORT = 64 * 2**20
"""The most bytes that a report may have."""


@dataclass(frozen=True)
class Artifact:
    """What a version is made of: the manifest's text, the bytes of the graph, and the report's text.

    ``ArtifactError`` where the text is no manifest, or graph or report are not those that the manifest was written for. ``report_text``
    may be None though the manifest names a report: predicting needs none.
    """

    manifest_text: str
    onnx: bytes
    report_text: str | None = field(default=None, repr=False)
    manifest: Manifest = field(init=False, compare=False)
    digest: str = field(init=False, compare=False)
    """SHA-256 of the manifest's text as it is stored; it covers graph and report, whose own SHA-256 stand in the text."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "manifest", read_manifest(self.manifest_text))
        object.__setattr__(self, "digest", hashlib.sha256(self.manifest_text.encode()).hexdigest())
        if hashlib.sha256(self.onnx).hexdigest() != self.manifest.model_sha256:
            raise ArtifactError(
                f"The graph of {self.manifest.name!r} is damaged: its SHA-256 is not the one in the manifest.",
                {"model": self.manifest.name},
                ["Restore the artifact from where it was exported, or train again."],
            )
        if self.report_text is not None:
            _check_report(self.report_text, self.manifest)

    def __repr__(self) -> str:
        return f"Artifact({self.manifest.name!r}, {self.digest[:12]}, {len(self.onnx):,} bytes)"


def is_bundle(folder: str | PathLike[str]) -> bool:
    """Whether ``folder`` holds a manifest."""
    return (Path(folder) / MANIFEST_FILE).is_file()


def read_report(content: bytes, *, of: str) -> str:
    """The text of the report of the model ``of``; ``ArtifactError`` where it is not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _no_report(f"The report of {of!r} is not UTF-8", of) from None


def read_bundle(folder: str | PathLike[str], *, most: int | None = None, with_report: bool = True) -> Artifact:
    """The artifact in ``folder``; ``ArtifactError`` where it is damaged or incomplete. The report may be missing.

    ``LimitExceededError`` where one of its files has more than ``most`` bytes: it is not read then. ``with_report=False`` leaves the
    report unread. What else lies in the folder is left alone.
    """
    place = Path(folder)
    try:
        manifest, onnx = (_content(place / name, most) for name in (MANIFEST_FILE, MODEL_FILE))
        artifact = Artifact(manifest.decode(), onnx)
        return _with_report(artifact, place / REPORT_FILE) if with_report else artifact
    except OSError as error:
        raise ArtifactError(
            f"{place} is no readable bundle: {type(error).__name__} at {Path(error.filename or place).name}.",
            {"folder": str(place)},
            [f"A bundle is a folder with {MANIFEST_FILE} and {MODEL_FILE}, and {REPORT_FILE} where there is a report."],
        ) from None
    except UnicodeDecodeError:
        raise ArtifactError(
            f"{place / MANIFEST_FILE} is not UTF-8.", {"folder": str(place)}, ["Restore the bundle from where it was exported."]
        ) from None


def _with_report(artifact: Artifact, file: Path) -> Artifact:
    """The artifact with the report in ``file``, where its manifest names one and it is there."""
    manifest = artifact.manifest
    if manifest.report_sha256 is None or not file.is_file():
        return artifact
    if (size := file.stat().st_size) > LARGEST_REPORT:
        raise _too_large(manifest.name, size)
    return replace(artifact, report_text=read_report(file.read_bytes(), of=manifest.name))


def _check_report(text: str, manifest: Manifest) -> None:
    name = manifest.name
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise _no_report(f"The report of {name!r} cannot be written as UTF-8", name) from None
    if len(content) > LARGEST_REPORT:
        raise _too_large(name, len(content))
    if manifest.report_sha256 is None:
        raise _no_report(f"The manifest of {name!r} names no report, and it comes with one", name)
    if hashlib.sha256(content).hexdigest() != manifest.report_sha256:
        raise _no_report(f"The report of {name!r} is damaged: its SHA-256 is not the one in the manifest", name)


def _too_large(name: str, size: int) -> ArtifactError:
    return _no_report(f"The report of {name!r} has {size:,} bytes, and {LARGEST_REPORT:,} are the most that one has", name)


def _no_report(what: str, name: str) -> ArtifactError:
    way_out = f"Restore {REPORT_FILE} from where it was exported, or leave it out: predicting needs none."
    return ArtifactError(f"{what}.", {"model": name}, [way_out])


def _content(file: Path, most: int | None) -> bytes:
    size = file.stat().st_size
    if most is not None and size > most:
        raise LimitExceededError(
            f"{file} has {size:,} bytes, and this process loads {most:,} at most.",
            {"file": str(file), "bytes": size, "limit": most},
            ["Train a smaller model, with fewer or shallower trees; or set PRISML_MODEL_BYTES."],
        )
    return file.read_bytes()


def require_free(folder: str | PathLike[str], *names: str) -> None:
    """``ConfigurationError`` where ``folder`` is no bundle and has a file of one of ``names``, which is somebody's own."""
    place = Path(folder)
    # A graph without a manifest is what an export that was cut off leaves.
    if is_bundle(place) or (place / MODEL_FILE).is_file():
        return
    for name in names:
        if (place / name).exists():
            raise ConfigurationError(
                f"{place / name} is there already, in a folder that is no bundle: it would be replaced.",
                {"file": str(place / name)},
                ["Name another folder, or move the file away."],
            )


def write_bundle(artifact: Artifact, folder: str | PathLike[str]) -> Path:
    """Write ``artifact`` into ``folder``, which is made if needed; the folder's path.

    The manifest is written last, so that a folder left half written is not taken for a bundle. The report of an artifact that was there
    before does not stay. ``ConfigurationError`` where the folder was no bundle and holds a report.json of somebody's own.
    """
    place = Path(folder)
    require_free(place, REPORT_FILE)
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / MANIFEST_FILE).unlink(missing_ok=True)
        (place / MODEL_FILE).write_bytes(artifact.onnx)
        if artifact.report_text is None:
            (place / REPORT_FILE).unlink(missing_ok=True)
        else:
            (place / REPORT_FILE).write_bytes(artifact.report_text.encode())
        (place / MANIFEST_FILE).write_bytes(artifact.manifest_text.encode())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The bundle cannot be written to {place}: {type(error).__name__}.", {"folder": str(place)}, ["Name a folder you may write to."]
        ) from None
    return place
