"""The commands that carry models: export, import and register; and those about the registry as a whole: verify, status, upgrade."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import prisml
from prisml.registry import Registry, read_bundle
from tests.artifacts import AGE, COUNTRY, expected, linear_graph, make_artifact
from tests.support.console import alone, answer, as_json, three_versions
from tests.support.console import prisml_with as run

ELSEWHERE = "sqlite:///elsewhere.db"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The default registry of an empty folder, with three versions of churn, of which the last serves."""
    return three_versions(alone(tmp_path, monkeypatch))


def test_a_version_is_exported_to_serve_from(registry: Registry, tmp_path: Path):
    """Without --all the active version, or the one named, becomes a folder that ``prisml.load`` serves from."""
    registry.describe("churn", 1, label="v1.0")
    shown = run("export", "churn", "--to", "model")
    assert (shown.exit_code, shown.stdout) == (
        0,
        "Version 3 of churn is written to the folder model. Serve from it with: prisml.load('model')\n",
    )
    assert read_bundle("model").digest == registry.active("churn").digest
    assert prisml.load(tmp_path / "model").predict({"age": 1, "country": "US"}).version is None
    document = answer(run("export", "churn", "--version", "v1.0", "--to", "first", "--json"))
    assert document == {"place": "first", "kind": "bundle", "versions": [as_json(registry.version("churn", 1))]}
    assert read_bundle("first").digest == registry.version("churn", 1).digest


@pytest.mark.parametrize(("place", "kind"), [("backup", "folder"), ("backup.zip", "folder"), ("backup.prisml", "file")])
def test_a_registry_travels_whole(registry: Registry, tmp_path: Path, place: str, kind: str):
    """What --all writes, to the folder or the file that it names, is brought in elsewhere with numbers, labels and history, once."""
    registry.describe("churn", 1, label="v1.0", note="first")
    registry.rollback("churn", author="ada", why="too keen")
    registry.publish(make_artifact("ltv"))
    document = answer(run("export", "--all", "--to", place, "--json"))
    every = [*registry.versions("churn"), *registry.versions("ltv")]
    assert document == {"place": place, "kind": "archive", "versions": [as_json(each) for each in every]}
    assert run("export", "--all", "--to", place).stdout.startswith(f"4 versions of 2 models are written to the {kind} {place}.")
    brought = answer(run("import", place, "--registry", ELSEWHERE, "--json"))
    there = Registry(ELSEWHERE)
    assert brought == {
        "source": place,
        "versions": [
            {"number_there": each.number, "new": True, **as_json(each)} for each in [*there.versions("churn"), *there.versions("ltv")]
        ],
    }
    assert [as_json(each) for each in there.versions("churn")] == [as_json(each) for each in registry.versions("churn")]
    assert there.history("churn") == registry.history("churn")
    again = run("import", place, "--registry", ELSEWHERE)
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, "New here: 0 of 4 versions.")


def test_one_model_is_exported_and_imported(registry: Registry):
    """NAME with --all writes that model alone, and --name takes one model out of an archive."""
    registry.publish(make_artifact("ltv"))
    assert answer(run("export", "ltv", "--all", "--to", "ltv.prisml", "--json"))["versions"] == [as_json(registry.active("ltv"))]
    run("export", "--all", "--to", "all.prisml")
    assert run("import", "all.prisml", "--name", "ltv", "--registry", ELSEWHERE).exit_code == 0
    assert Registry(ELSEWHERE).names() == ("ltv",)
    absent = run("import", "all.prisml", "--name", "chrun", "--registry", ELSEWHERE, "--json")
    assert (absent.exit_code, answer(absent)["error"]["code"]) == (2, "model_not_found")


def test_an_import_activates_only_when_told(registry: Registry):
    """A bundle is published beside what serves; with --activate it serves, with the reason given."""
    run("export", "churn", "--version", "1", "--to", "model")
    other = Registry(ELSEWHERE)
    other.publish(make_artifact("churn", bias=7.0))
    shown = run("import", "model", "--registry", ELSEWHERE)
    assert "│ churn │       2 │     - │       │       │ new │" in shown.stdout
    assert other.active("churn").number == 1
    assert run("import", "model", "--activate", "--why", "from staging", "--registry", ELSEWHERE).exit_code == 0
    entry = other.deployment("churn")
    assert (entry.action, entry.version, entry.why) == ("import", 2, "from staging")


def test_a_damaged_archive_is_refused_and_changes_nothing(registry: Registry, tmp_path: Path):
    """An archive with one byte changed ends with 2, and the registry stays as it was."""
    run("export", "--all", "--to", "all.prisml")
    damaged = bytearray((tmp_path / "all.prisml").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "all.prisml").write_bytes(damaged)
    shown = run("import", "all.prisml", "--registry", ELSEWHERE, "--json")
    assert (shown.exit_code, answer(shown)["error"]["code"]) == (2, "artifact")
    assert not (tmp_path / "elsewhere.db").exists()
    missing = run("import", "absent.prisml")
    assert (missing.exit_code, missing.stdout) == (2, "")


def test_a_label_that_is_taken_here_stops_an_import(registry: Registry):
    """A version whose label another one has here ends with 1, and names both."""
    registry.describe("churn", 1, label="v1.0")
    run("export", "churn", "--all", "--to", "churn.prisml")
    Registry(ELSEWHERE).publish(make_artifact("churn", bias=7.0), label="v1.0")
    shown = run("import", "churn.prisml", "--registry", ELSEWHERE, "--json")
    assert (shown.exit_code, answer(shown)["error"]["code"]) == (1, "conflict")


DEFINITION = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml import define_model


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int | None]
    country: Mapped[str | None]
    left: Mapped[bool]


churn = define_model(Customer, output="risk", label=Customer.left, features={"age": Customer.age, "country": Customer.country})
"""
ROWS = [{"age": 1, "country": "US"}, {"age": 40, "country": "DE"}, {"age": None, "country": "US"}]


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a definition, a graph that was trained elsewhere, its golden rows and the codes of its categories."""
    alone(tmp_path, monkeypatch)
    monkeypatch.setattr("sys.path", list(sys.path))
    monkeypatch.delitem(sys.modules, "elsewhere", raising=False)
    (tmp_path / "elsewhere.py").write_text(DEFINITION)
    (tmp_path / "churn.onnx").write_bytes(linear_graph("binary", [0.03125, -0.5], 0.25))
    golden = [{"features": row, "expected": expected(row, (AGE, COUNTRY), bias=0.25)} for row in ROWS]
    (tmp_path / "golden.jsonl").write_text("\n".join(map(json.dumps, golden)))
    (tmp_path / "codes.json").write_text('{"country": ["US", "DE"]}')
    return tmp_path


REGISTER = ("register", "elsewhere.py:churn", "churn.onnx", "--golden", "golden.jsonl", "--categories", "codes.json")


def test_a_foreign_graph_is_registered_and_serves(foreign: Path):
    """A graph that gives what its golden rows expect is published with what is said of it, and predicts."""
    document = answer(run(*REGISTER, "--label", "from-r", "--note", "by hand", "--why", "moved", "--json"))
    version = Registry("sqlite:///.prisml/registry.db").active("churn")
    assert document == {"held": None, **as_json(version)}
    assert (version.label, version.note) == ("from-r", "by hand")
    assert prisml.load("churn").predict({"age": 40, "country": "DE"}).value == pytest.approx(expected(ROWS[1], bias=0.25), abs=1e-6)
    shown = run("show", "churn").stdout
    assert "3 golden rows that came with the graph" in shown
    assert not any(word in shown for word in ("On the hold-out", "0 read", "seed", "split"))


def test_a_graph_that_gives_something_else_is_1_and_publishes_nothing(foreign: Path):
    """One golden row that is not met: exit code 1, the rows and the distance are told, and nothing is there."""
    (foreign / "churn.onnx").write_bytes(linear_graph("binary", [0.03125, -0.5], 0.5))
    shown = run(*REGISTER)
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith("error[parity]: ")
    assert Registry("sqlite:///.prisml/registry.db").names() == ()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("golden.jsonl", '{"features": {"age": "s3cret"}', "The golden rows cannot be used: line 1 is no golden row."),
        ("golden.jsonl", "\xff\xfe", "is not UTF-8"),
        ("codes.json", "[1]", "holds no categories"),
        ("codes.json", '{"country": {"values": ["US"], "colour": 3}}', "holds no categories"),
    ],
)
def test_files_that_cannot_be_read_are_2(foreign: Path, file: str, text: str, message: str):
    """Golden rows or categories that are none end with 2 and without a value."""
    (foreign / file).write_bytes(text.encode("latin-1"))
    shown = run(*REGISTER)
    assert shown.exit_code == 2
    assert message in shown.stderr
    assert "s3cret" not in shown.stderr


def test_a_registration_is_held_as_training_is(foreign: Path):
    """After a rollback a foreign graph is published and does not serve, and it is said why and what to do."""
    registry = Registry("sqlite:///.prisml/registry.db")
    registry.publish(make_artifact(bias=3.0))
    registry.publish(make_artifact(bias=4.0))
    registry.rollback("churn", author="ada", why="too keen")
    shown = run(*REGISTER)
    assert shown.stdout == (
        "Version 3 of churn is published; it does not serve.\n"
        f"It was not activated: {registry.held('churn')}. To let it serve: prisml activate churn 3\n"
    )
    assert "too keen" in shown.stdout


def test_a_definition_of_the_project_is_found_by_its_name(foreign: Path):
    """NAME is a definition that pyproject.toml lists."""
    (foreign / "pyproject.toml").write_text("[tool.prisml]\nmodels = ['elsewhere.py']\n")
    assert run("register", "churn", *REGISTER[2:], "--no-activate").stdout == "Version 1 of churn is published; it does not serve.\n"
    assert run("register", "chrun", *REGISTER[2:]).exit_code == 2
