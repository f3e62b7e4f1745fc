"""Laws of the registry that no sequence of its verbs breaks, tried on SQLite files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from prisml.errors import ConflictError, ExperimentError, ModelNotFoundError, PrisMLError, VersionNotFoundError
from prisml.registry import Artifact, Deployment, Registry, Version
from tests.artifacts import make_artifact

REPORTED = [make_artifact(bias=float(bias), report=f"report {bias % 2}") for bias in range(4)]
BARE = [Artifact(artifact.manifest_text, artifact.onnx) for artifact in REPORTED[:2]]
ARTIFACTS = [*REPORTED, *BARE, make_artifact(bias=4.0), make_artifact(bias=5.0), make_artifact(bias=0.0, task="regression")]
NUMBERS = st.integers(1, 7)
REFUSALS = (ConflictError, ExperimentError, ModelNotFoundError, VersionNotFoundError)


class Laws(RuleBasedStateMachine):
    """Every verb in any order, refused or not; the laws are looked at after each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.registry = Registry(f"sqlite:///{Path(self.folder.name) / 'registry.db'}")
        self.log: tuple[Deployment, ...] = ()
        self.digests: dict[int, str] = {}

    def teardown(self) -> None:
        self.folder.cleanup()
        super().teardown()

    @initialize()
    def first(self) -> None:
        self.registry.publish(ARTIFACTS[0])

    @rule(artifact=st.sampled_from(ARTIFACTS), activate=st.booleans(), force=st.booleans())
    def publish(self, artifact, activate, force) -> None:
        held, before = self.registry.held("churn"), self.registry.active("churn")
        version = self.registry.publish(artifact, activate=activate, force=force)
        assert version.digest == artifact.digest
        kept = self.registry.artifact("churn", version.number)
        assert artifact in (kept, Artifact(kept.manifest_text, kept.onnx)), "only a report may be there that did not come now"
        serves = activate and (force or held is None)
        assert version.active == (serves or version.number == before.number)

    @rule(number=NUMBERS)
    def activate(self, number) -> None:
        if self.allowed(lambda: self.registry.activate("churn", number)):
            assert self.registry.active("churn").number == number
            assert self.registry.experiments.status("churn") is None

    @rule(to=st.none() | NUMBERS)
    def rollback(self, to) -> None:
        before = self.registry.active("churn").number
        if self.allowed(lambda: self.registry.rollback("churn", to)):
            assert self.registry.active("churn").number == to if to else self.registry.active("churn").number != before
            assert self.registry.experiments.status("churn") is None

    @rule(others=st.sets(NUMBERS, min_size=1, max_size=3), share=st.sampled_from([0.0001, 0.1, 0.25]))
    def start(self, others, share) -> None:
        weights = self.weights(self.registry.active("churn").number, others, share)
        self.allowed(lambda: self.registry.experiments.start("churn", weights))

    @rule(others=st.sets(NUMBERS, max_size=2), share=st.sampled_from([0.0001, 0.1, 0.25]))
    def ramp(self, others, share) -> None:
        running = self.registry.experiments.status("churn")
        numbers = {variant.version for variant in running.variants} if running else set()
        weights = self.weights(self.registry.active("churn").number, numbers | others, share)
        before = [] if running is None else running.assign_many(range(500)).tolist()
        if self.allowed(lambda: self.registry.experiments.ramp("churn", weights)):
            ramped = self.registry.experiments.status("churn")
            assert ramped.salt == running.salt
            grown = {each.name for each, old in zip(ramped.variants, running.variants, strict=False) if each.weight > old.weight}
            new = {variant.name for variant in ramped.variants[len(running.variants) :]}
            after = [ramped.variants[place].name for place in ramped.assign_many(range(500))]
            moved = {name for old, name in zip(before, after, strict=True) if running.variants[old].name != name}
            assert moved <= grown | new | {"control"}

    @rule()
    def stop(self) -> None:
        self.allowed(lambda: self.registry.experiments.stop("churn"))

    @rule(number=st.none() | NUMBERS)
    def promote(self, number) -> None:
        if self.allowed(lambda: self.registry.experiments.promote("churn", number)):
            assert self.registry.experiments.status("churn") is None

    @rule(number=NUMBERS)
    def delete(self, number) -> None:
        if self.allowed(lambda: self.registry.delete("churn", number)):
            assert number not in {version.number for version in self.registry.versions("churn")}

    @rule(keep=st.integers(0, 5))
    def prune(self, keep) -> None:
        told = [version.number for version in self.registry.prune("churn", keep=keep, dry_run=True)]
        assert [version.number for version in self.registry.prune("churn", keep=keep)] == told

    @rule(number=NUMBERS, label=st.sampled_from([None, "a", "b"]))
    def describe(self, number, label) -> None:
        self.allowed(lambda: self.registry.describe("churn", number, label=label))

    @invariant()
    def one_version_serves_and_loads(self) -> None:
        living = self.every()
        if living:
            assert [version.active for version in living].count(True) == 1
            assert self.registry.artifact("churn").digest == self.registry.active("churn").digest

    @invariant()
    def a_number_is_one_digest_for_ever(self) -> None:
        for version in self.every(deleted=True):
            assert self.digests.setdefault(version.number, version.digest) == version.digest
        assert sorted(self.digests) == list(range(1, len(self.digests) + 1))

    @invariant()
    def the_log_is_only_appended_to(self) -> None:
        if self.every():
            log = self.registry.history("churn")[::-1]
            assert log[: len(self.log)] == self.log
            self.log = log
            assert [entry.position for entry in log] == list(range(1, len(log) + 1))
            assert [entry.before for entry in log] == [None, *(entry.version for entry in log[:-1])]
            assert all(entry.experiment is None or entry.experiment.control.version == entry.version for entry in log)

    @invariant()
    def an_experiment_is_of_living_versions_and_control_is_active(self) -> None:
        if self.every() and (running := self.registry.experiments.status("churn")):
            assert running.control.version == self.registry.active("churn").number
            assert {variant.version for variant in running.variants} <= {version.number for version in self.every()}

    @invariant()
    def nothing_is_damaged_and_nothing_is_left_over(self) -> None:
        found = self.registry.verify()
        assert (found.problems, found.orphans) == ((), ())

    def every(self, *, deleted: bool = False) -> tuple[Version, ...]:
        """The versions; none before the first was published."""
        return self.registry.versions("churn", deleted=deleted) if self.registry.names() else ()

    def allowed(self, verb) -> bool:
        """Whether the registry did it; where it refused, the log is as it was."""
        before = self.registry.history("churn")
        try:
            verb()
        except REFUSALS:
            assert self.registry.history("churn") == before
            return False
        except PrisMLError as error:
            raise AssertionError(type(error).__name__) from error
        return True

    @staticmethod
    def weights(control, others, share) -> dict[int, float]:
        """The share for each of the others, and the rest for control."""
        treated = {number: share for number in others if number != control}
        return {control: 1.0 - sum(treated.values()), **treated}


TestLaws = Laws.TestCase
TestLaws.settings = settings(
    max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
