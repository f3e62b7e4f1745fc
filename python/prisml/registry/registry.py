"""The registry: versions of models in SQL tables, and the log of which one serves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from os import PathLike

from sqlalchemy import URL, Engine

from prisml.errors import ModelNotFoundError, RegistryError
from prisml.registry import log, maintenance, moves, transfer, versions
from prisml.registry.arguments import ARTIFACT, FLAG, MOMENT, NUMBER, PLACE, SERVING, TEXT, VERSION, takes
from prisml.registry.bundle import Artifact
from prisml.registry.compare import Comparison, compare
from prisml.registry.database import Database
from prisml.registry.labels import UNCHANGED, Unchanged, check_commit, check_label, checked_name
from prisml.registry.lifecycle import Experiments
from prisml.registry.log import By, Deployment
from prisml.registry.transfer import Exported, Imported
from prisml.registry.verification import Verification, verify
from prisml.registry.versions import Details, Version
from prisml.registry.watch import Watch

__all__ = ["Registry", "Version"]


class Registry:
    """The versions of every model at one place: a SQLAlchemy URL, or an ``Engine`` of yours.

    Reading makes neither file nor table; the first ``publish`` makes them. Every method is one transaction and raises
    ``RegistryError`` where the place cannot be reached. Which version is meant is said by its number or its label. ``author`` is the
    user of this process unless given; ``why`` is kept in the log. ``experiments`` starts, ramps, promotes and stops experiments.
    """

    def __init__(self, where: str | URL | Engine) -> None:
        self.database = Database(where)
        self.experiments = Experiments(self.database)

    def __repr__(self) -> str:
        return f"Registry({self.place!r})"

    @property
    def place(self) -> str:
        """The URL, without password and query."""
        return self.database.place

    def names(self) -> tuple[str, ...]:
        """The models that have a version, in order of their names."""
        with self.database.reading() as transaction:
            return versions.model_names(transaction)

    @takes(name=TEXT, deleted=FLAG)
    def versions(self, name: str, *, deleted: bool = False) -> tuple[Version, ...]:
        """Every version of the model, oldest first, also the ``deleted`` ones where asked; ``ModelNotFoundError`` where none is left."""
        with self.database.reading() as transaction:
            living = versions.living_versions(transaction, name)
            return versions.every_version(transaction, name) if deleted else living

    @takes(name=TEXT, which=VERSION)
    def version(self, name: str, which: int | str) -> Version:
        """The version of that number or label; ``VersionNotFoundError`` says which there are."""
        with self.database.reading() as transaction:
            return versions.find_version(transaction, name, which)

    @takes(name=TEXT)
    def active(self, name: str) -> Version:
        """The version that serves; ``ModelNotFoundError`` where the model is unknown or none was activated."""
        with self.database.reading() as transaction:
            return versions.active_version(transaction, name)

    @takes(name=TEXT, which=VERSION, with_report=FLAG)
    def artifact(self, name: str, which: int | str | None = None, *, with_report: bool = True) -> Artifact:
        """All that is kept of a version (None: the active one): manifest, graph and report, each checked against its SHA-256.

        ``with_report=False`` leaves the report unread: serving needs none.
        """
        with self.database.reading() as transaction:
            version = versions.active_version(transaction, name) if which is None else versions.find_version(transaction, name, which)
            return versions.read_artifact(transaction, version, with_report=with_report)

    def manifest_text(self, version: Version) -> str:
        """The manifest of ``version`` as it was stored, checked against the version's digest."""
        with self.database.reading() as transaction:
            return versions.manifest_text(transaction, version)

    def graph(self, version: Version, sha256: str) -> bytes:
        """The graph of ``version``, whose SHA-256 its manifest gives."""
        with self.database.reading() as transaction:
            return versions.graph(transaction, version, sha256)

    def report_text(self, version: Version) -> str | None:
        """The report of ``version`` as it was stored, checked against its SHA-256; None where the registry keeps none."""
        with self.database.reading() as transaction:
            return versions.report_text(transaction, version)

    @takes(name=TEXT, as_of=MOMENT)
    def deployment(self, name: str, *, as_of: datetime | None = None) -> Deployment:
        """What serves, or served at ``as_of``: the entry of the log in force then. ``ModelNotFoundError`` where none was."""
        with self.database.reading() as transaction:
            found = log.read_log(transaction, name, as_of=as_of, limit=1)
            if not found:
                versions.active_version(transaction, name)
                raise ModelNotFoundError(
                    f"No version of {name!r} served at that moment.", {"model": name}, ["Ask for a later moment, or see the whole history."]
                )
            return found[0]

    @takes(name=TEXT, as_of=MOMENT)
    def history(self, name: str, *, as_of: datetime | None = None) -> tuple[Deployment, ...]:
        """The log of the model, newest first, up to ``as_of``; ``ModelNotFoundError`` for an unknown model."""
        with self.database.reading() as transaction:
            found = log.read_log(transaction, name, as_of=as_of)
            if not found:
                versions.living_versions(transaction, name)
            return found

    def positions(self, names: Sequence[str]) -> dict[str, int]:
        """The position of each model's last entry in the log, by one cheap statement: what tells a process that something changed."""
        try:
            with self.database.statement() as transaction:
                return log.last_positions(transaction, names)
        except RegistryError:
            # Not there yet, or a reason that reading tells better.
            with self.database.reading() as transaction:
                return log.last_positions(transaction, names)

    def watch(self) -> Watch:
        """What sees that logs have grown, at the lowest price there is; for processes that follow the registry."""
        return Watch(self.database)

    @takes(name=TEXT)
    def held(self, name: str) -> str | None:
        """Why publishing would not activate now: an experiment runs, or the last move was a rollback. None where it would."""
        with self.database.reading() as transaction:
            return log.held(log.read_log(transaction, name))

    @takes(artifact=ARTIFACT, activate=FLAG, author=TEXT, why=TEXT, label=TEXT, note=TEXT, commit=TEXT, force=FLAG, expected=SERVING)
    def publish(
        self,
        artifact: Artifact,
        *,
        activate: bool = True,
        author: str | None = None,
        why: str | None = None,
        label: str | None = None,
        note: str | None = None,
        commit: str | None = None,
        force: bool = False,
        expected: moves.Expected = "any",
    ) -> Version:
        """Store ``artifact`` as the model's next version and let it serve; a digest that is there already keeps its number.

        Where another version serves by then than the one of the number ``expected`` (None: than none), it is stored and does not serve:
        for whoever judged it beside that version.

        It does not serve while an experiment runs, or where the last move was a rollback, except by ``force``: ``active`` of what is
        returned says which, and ``held`` says why. A deleted version that is published again is back under its number. A report that
        ``artifact`` comes with is stored with it.
        """
        checked_name(artifact)
        check_label(label)
        check_commit(commit)
        with self.database.writing() as transaction:
            details = Details(By(author).who, datetime.now(UTC), label, note, commit)
            return moves.publish(transaction, artifact, details, By(author, why), activate=activate, force=force, expected=expected)

    @takes(name=TEXT, which=VERSION, author=TEXT, why=TEXT)
    def activate(self, name: str, which: int | str, *, author: str | None = None, why: str | None = None) -> Version:
        """Let that version serve, and end a running experiment; nothing is logged where it serves already."""
        self.version(name, which)
        with self.database.writing() as transaction:
            return moves.activate(transaction, name, which, By(author, why))

    @takes(name=TEXT, to=VERSION, expected=VERSION, author=TEXT, why=TEXT)
    def rollback(
        self,
        name: str,
        to: int | str | None = None,
        *,
        expected: int | str | None = None,
        author: str | None = None,
        why: str | None = None,
    ) -> Version:
        """Let the version serve again that served before the one that does now, or the one that ``to`` names; ends a running experiment.

        A second rollback goes further back; deleted versions are passed over. ``VersionNotFoundError`` where there is nothing to go
        back to, ``ConflictError`` where another version serves than ``expected``.
        """
        with moves.changing(self.database, name) as transaction:
            return moves.roll_back(transaction, name, to, expected, By(author, why))

    @takes(name=TEXT, which=VERSION, label=TEXT, note=TEXT)
    def describe(
        self, name: str, which: int | str, *, label: str | Unchanged | None = UNCHANGED, note: str | Unchanged | None = UNCHANGED
    ) -> Version:
        """Give the version another label or note, or take it away with None."""
        given = {key: value for key, value in (("label", label), ("note", note)) if value is not UNCHANGED}
        if isinstance(label, str):
            check_label(label)
        with moves.changing(self.database, name) as transaction:
            number = versions.find_version(transaction, name, which).number
            versions.describe(transaction, (name, number), given)
            return versions.find_version(transaction, name, number)

    @takes(name=TEXT, which=VERSION, author=TEXT)
    def delete(self, name: str, which: int | str, *, author: str | None = None) -> Version:
        """Delete the version's graph, manifest and report; its number is not used again.

        ``ConflictError`` where it serves or is in an experiment.
        """
        with moves.changing(self.database, name) as transaction:
            return maintenance.delete_version(transaction, name, which, By(author).who)

    @takes(name=TEXT, keep=NUMBER, dry_run=FLAG, author=TEXT)
    def prune(self, name: str, *, keep: int = 5, dry_run: bool = False, author: str | None = None) -> tuple[Version, ...]:
        """Delete all but the newest ``keep`` versions and those that serve, are in an experiment, or have a label; those versions.

        With ``dry_run`` they are only told.
        """
        if dry_run:
            with self.database.reading() as transaction:
                return maintenance.old_versions(transaction, name, keep)
        with moves.changing(self.database, name) as transaction:
            return maintenance.delete_old(transaction, name, keep, By(author).who)

    @takes(name=TEXT, a=VERSION, b=VERSION)
    def compare(self, name: str, a: int | str, b: int | str) -> Comparison:
        """Version ``a`` beside version ``b``: metrics and their differences, gates, features, data, parameters, size."""
        return compare(self, name, a, b)

    @takes(to=PLACE, name=TEXT, which=VERSION)
    def export(self, to: str | PathLike[str], *, name: str | None = None, which: int | str | None = None) -> Exported:
        """Write one version (``which``) as a bundle, or a whole model, or the whole registry as an archive, to ``to``."""
        return transfer.export(self, to, name=name, which=which)

    @takes(source=PLACE, name=TEXT, activate=FLAG, author=TEXT, why=TEXT)
    def import_(
        self,
        source: str | PathLike[str],
        *,
        name: str | None = None,
        activate: bool = False,
        author: str | None = None,
        why: str | None = None,
    ) -> tuple[Imported, ...]:
        """Bring in the bundle or the archive at ``source``; ``prisml.registry.transfer.import_`` says how."""
        return transfer.import_(self, source, name=name, activate=activate, author=author, why=why)

    @takes(repair=FLAG)
    def verify(self, *, repair: bool = False) -> Verification:
        """Read every manifest, graph, report and entry of the log and check them; with ``repair``, delete blobs that no version needs."""
        return verify(self.database, repair=repair)

    def upgrade(self) -> int:
        """Bring a registry that an older release made up to this release's schema; the schema's number. May be done again at any time."""
        return self.database.upgrade()

    def schema(self) -> int | None:
        """The number of the registry's schema, or None where nothing was published yet."""
        with self.database.reading() as transaction:
            return None if transaction.connection is None else transaction.schema
