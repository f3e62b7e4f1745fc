"""An artifact, and the folder it travels in: ``manifest.json`` and ``model.onnx``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from prisml.errors import ArtifactError, ConfigurationError, LimitExceededError
from prisml.manifest import Manifest, read_manifest

MANIFEST_FILE = "manifest.json"
MODEL_FILE = "model.onnx"


@dataclass(frozen=True)
class Artifact:
    """What a version is made of: the manifest's text and the bytes of the graph.

    ``ArtifactError`` where the text is no manifest, or the graph is not the one that the manifest was written for.
    """

    manifest_text: str
    onnx: bytes
    manifest: Manifest = field(init=False, compare=False)
    digest: str = field(init=False, compare=False)
    """SHA-256 of the manifest's text as it is stored; it covers the graph, whose own SHA-256 stands in the text."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "manifest", read_manifest(self.manifest_text))
        object.__setattr__(self, "digest", hashlib.sha256(self.manifest_text.encode()).hexdigest())
        if hashlib.sha256(self.onnx).hexdigest() != self.manifest.model_sha256:
            raise ArtifactError(
                f"The graph of {self.manifest.name!r} is damaged: its SHA-256 is not the one in the manifest.",
                {"model": self.manifest.name},
                ["Restore the artifact from where it was exported, or train again."],
            )

    def __repr__(self) -> str:
        return f"Artifact({self.manifest.name!r}, {self.digest[:12]}, {len(self.onnx):,} bytes)"


def is_bundle(folder: str | PathLike[str]) -> bool:
    """Whether ``folder`` holds a manifest."""
    return (Path(folder) / MANIFEST_FILE).is_file()


def read_bundle(folder: str | PathLike[str], *, most: int | None = None) -> Artifact:
    """The artifact in ``folder``; ``ArtifactError`` where it is damaged or incomplete.

    ``LimitExceededError`` where one of its files has more than ``most`` bytes: it is not read then.
    """
    place = Path(folder)
    try:
        manifest, onnx = (_content(place / name, most) for name in (MANIFEST_FILE, MODEL_FILE))
        return Artifact(manifest.decode(), onnx)
    except OSError as error:
        raise ArtifactError(
            f"{place} is no readable bundle: {type(error).__name__} at {Path(error.filename or place).name}.",
            {"folder": str(place)},
            [f"A bundle is a folder with {MANIFEST_FILE} and {MODEL_FILE}."],
        ) from None
    except UnicodeDecodeError:
        raise ArtifactError(
            f"{place / MANIFEST_FILE} is not UTF-8.", {"folder": str(place)}, ["Restore the bundle from where it was exported."]
        ) from None


def _content(file: Path, most: int | None) -> bytes:
    size = file.stat().st_size
    if most is not None and size > most:
        raise LimitExceededError(
            f"{file} has {size:,} bytes, and this process loads {most:,} at most.",
            {"file": str(file), "bytes": size, "limit": most},
            ["Train a smaller model, with fewer or shallower trees; or set PRISML_MODEL_BYTES."],
        )
    return file.read_bytes()


def write_bundle(artifact: Artifact, folder: str | PathLike[str]) -> Path:
    """Write ``artifact`` into ``folder``, which is made if needed; the folder's path.

    The manifest is written last, so that a folder left half written is not taken for a bundle.
    """
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / MANIFEST_FILE).unlink(missing_ok=True)
        (place / MODEL_FILE).write_bytes(artifact.onnx)
        (place / MANIFEST_FILE).write_bytes(artifact.manifest_text.encode())
    except OSError as error:
        raise ConfigurationError(
            f"The bundle cannot be written to {place}: {type(error).__name__}.", {"folder": str(place)}, ["Name a folder you may write to."]
        ) from None
    return place
