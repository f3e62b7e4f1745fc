"""What an archive says of models: their versions, and the log of what served; and its JSON.

An archive is a folder, or one file of the same members: ``archive.json``, and for each living version ``versions/<digest>/manifest.json``
and ``versions/<digest>/model.onnx``, and ``versions/<digest>/report.json`` where the registry kept a report. Such a version's folder is a
bundle by itself. It names no place, and not when it was written, so that equal models make equal bytes.

Rule of change: a release that adds, changes or removes a key raises ``ARCHIVE_FORMAT`` by one and keeps reading every older number. An
archive with a newer number is refused.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, PlainSerializer, ValidationError

from prisml.errors import ArtifactError
from prisml.registry.bundle import MANIFEST_FILE, MODEL_FILE, REPORT_FILE
from prisml.registry.tables import LONGEST_NAME

ARCHIVE_FORMAT: Final = 2
INDEX_FILE: Final = "archive.json"
_LARGEST_INTEGER = 2**31 - 1

Moment = Annotated[
    AwareDatetime,
    AfterValidator(lambda moment: moment.astimezone(UTC)),
    PlainSerializer(lambda moment: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), when_used="json"),
]
Number = Annotated[int, Field(ge=1, le=_LARGEST_INTEGER)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Action = Literal["publish", "activate", "rollback", "start", "ramp", "stop", "promote", "import"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Deleted(_Frozen):
    """That a version is deleted: when, by whom, and what no manifest says any more, its metrics and the bytes of its graph."""

    at: Moment
    by: str | None
    metrics: dict[str, float]
    size: int | None = Field(default=None, ge=0, le=_LARGEST_INTEGER)


class VersionRecord(_Frozen):
    """A version as a registry knew it, besides its manifest and graph. A deleted one has neither: its number stays taken.

    ``report_sha256``, since format 2, is that of the report in the archive; None where it holds none of this version.
    """

    number: Number
    digest: Sha256
    created_at: Moment
    author: str
    label: str | None = Field(default=None, max_length=100)
    note: str | None = None
    commit: str | None = Field(default=None, max_length=64)
    deleted: Deleted | None = None
    report_sha256: Sha256 | None = None

    def members(self) -> tuple[str, ...]:
        """The members that are this version's own: none of a deleted one."""
        if self.deleted is not None:
            return ()
        files = (MANIFEST_FILE, MODEL_FILE) if self.report_sha256 is None else (MANIFEST_FILE, MODEL_FILE, REPORT_FILE)
        return tuple(member_of(self.digest, file) for file in files)


class LogRecord(_Frozen):
    """An entry of a model's log: what served from that moment on, and which experiment ran."""

    at: Moment
    author: str
    action: Action
    why: str | None = None
    before: Number | None = None
    version: Number
    experiment: JsonValue = None


class ModelRecord(_Frozen):
    """A model: its versions in the order of their numbers, and its log, oldest entry first."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    versions: tuple[VersionRecord, ...] = Field(min_length=1)
    log: tuple[LogRecord, ...] = ()

    @property
    def living(self) -> tuple[VersionRecord, ...]:
        """The versions that are not deleted."""
        return tuple(version for version in self.versions if version.deleted is None)

    @property
    def serving(self) -> int | None:
        """The number of the version that served when the archive was written; None where none ever did."""
        return self.log[-1].version if self.log else None


class Index(_Frozen):
    """What ``archive.json`` says."""

    format: Literal[1, 2] = ARCHIVE_FORMAT
    models: tuple[ModelRecord, ...] = Field(min_length=1)

    def to_json(self) -> str:
        """The canonical text, made to be compared line by line: keys sorted, two spaces, a newline at the end."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def members(self) -> tuple[str, ...]:
        """Every member of the archive, the index first, each once."""
        return (INDEX_FILE, *sorted({member for model in self.models for version in model.versions for member in version.members()}))


def member_of(digest: str, file: str) -> str:
    """Where that file of a version is in the archive."""
    return f"versions/{digest}/{file}"


def read_index(text: bytes) -> Index:
    """The index in ``text``; ``ArtifactError`` where it is damaged, contradicts itself, or is of a newer format."""
    try:
        number = json.loads(text).get("format")
    except (ValueError, AttributeError, RecursionError):
        raise damaged(f"{INDEX_FILE} is not a JSON object") from None
    if isinstance(number, bool) or number not in range(1, ARCHIVE_FORMAT + 1):
        raise ArtifactError(
            f"The archive has format {_shown(number)}; this release reads up to {ARCHIVE_FORMAT}.",
            {"format": number},
            ["Upgrade prisml to the release that wrote it."],
        )
    try:
        index = Index.model_validate_json(text)
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False, include_url=False)})
        raise damaged(f"{INDEX_FILE} is damaged at {', '.join(places[:5])}") from None
    _check_unique("model", (model.name for model in index.models))
    for model in index.models:
        _check(model)
    return index


def damaged(what: str, **context: object) -> ArtifactError:
    """The refusal of an archive, and the way out."""
    return ArtifactError(f"The archive cannot be read: {what}.", context, ["Export it again, or fetch it again from where it was."])


def _check(model: ModelRecord) -> None:
    """Refuse a model that says two things of one version, or whose log names one that is not there."""
    numbers = [version.number for version in model.versions]
    if model.name != model.name.strip() or numbers != sorted(numbers):
        raise damaged(f"{INDEX_FILE} has a model under no proper name, or with versions out of order", model=model.name)
    _check_unique("version number", numbers, model=model.name)
    _check_unique("digest", (version.digest for version in model.versions), model=model.name)
    _check_unique("label", (version.label for version in model.versions if version.label is not None), model=model.name)
    before = None
    for place, entry in enumerate(model.log, start=1):
        if entry.version not in numbers or entry.before != before:
            raise damaged(f"entry {place} of the log of {model.name!r} does not follow from the one before it", model=model.name)
        before = entry.version
    if model.serving is not None and model.serving not in {version.number for version in model.living}:
        raise damaged(f"the version of {model.name!r} that serves is deleted", model=model.name)


def _check_unique(what: str, values: Iterable[object], **context: object) -> None:
    twice = [value for value, times in Counter(values).items() if times > 1]
    if twice:
        raise damaged(f"{INDEX_FILE} names the same {what} twice", **context)


def _shown(number: object) -> str:
    return str(number) if isinstance(number, int) else f"of type {type(number).__name__}"
