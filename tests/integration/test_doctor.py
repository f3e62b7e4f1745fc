"""``prisml doctor``: every state that it knows is made for real, and every command that it names mends it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

import prisml
from prisml.commands.doctor import examine
from prisml.commands.doctor.finding import CHECKS, Finding
from prisml.commands.doctor.registry import look_at_content
from prisml.commands.doctor.runtime import look_at_runtime
from prisml.manifest import GoldenRow
from prisml.registry import Artifact, Registry
from tests.artifacts import make_artifact
from tests.support.console import alone, prisml_with, shop
from tests.support.registry_v1 import make_registry_v1
from tests.support.rights import as_nobody

SECRET = "hunter2-and-more"
SERVING = (
    *("annotated_types", "click", "flatbuffers", "google", "greenlet", "markdown_it", "mdurl", "numpy", "onnxruntime", "packaging"),
    *("pydantic", "pydantic_core", "pygments", "rich", "sqlalchemy", "typing_extensions.py", "typing_inspection"),
)
"""What an install that only serves brings along, as it lies in site-packages."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose model churn was trained, once for all tests."""
    folder = tmp_path_factory.mktemp("trained")
    with chdir(shop(folder, f"sqlite:///{folder / 'shop.db'}")):
        made = prisml_with("train")
    assert made.exit_code == 0, made.stderr
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that shop, which is the current folder; its database is its own."""
    alone(shutil.copytree(trained, tmp_path / "shop"), monkeypatch)
    settings = Path("pyproject.toml")
    settings.write_text(settings.read_text().replace(str(trained / "shop.db"), "shop.db"))
    return Path.cwd()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the process that loads ONNX Runtime, which has tests of its own."""
    monkeypatch.setattr("prisml.commands.doctor.examination.look_at_runtime", lambda: ())


def found(*words: str) -> tuple[int, dict[str, list[Finding]]]:
    """The exit code of ``prisml doctor --json``, and its findings by check: each check has one, and no secret is shown."""
    shown = prisml_with("doctor", "--json", *words)
    assert SECRET not in shown.stdout + shown.stderr
    document = json.loads(shown.stdout)
    assert (document["exit_code"], document["ok"]) == (shown.exit_code, shown.exit_code == 0)
    by_check: dict[str, list[Finding]] = {}
    for each in document["checks"]:
        by_check.setdefault(each["id"], []).append(Finding(**each))
    assert list(by_check) == list(CHECKS)
    return shown.exit_code, by_check


def only(findings: list[Finding]) -> Finding:
    """The one finding."""
    (one,) = findings
    return one


def mend(finding: Finding) -> None:
    """Run the command that the finding names."""
    assert finding.remedy is not None
    assert finding.remedy.startswith("prisml ")
    done = prisml_with(*shlex.split(finding.remedy)[1:])
    assert done.exit_code == 0, (done.stdout, done.stderr)


def test_all_is_well_in_a_shop_that_was_trained(folder: Path):
    """Nothing is wrong, each check has run that can, and nothing was written."""
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if "__pycache__" not in path.parts and path.is_file()}
    code, looks = found()
    assert code == 0
    said = {identity: {each.status for each in findings} for identity, findings in looks.items()}
    assert {identity for identity, statuses in said.items() if statuses - {"ok"}} <= {"registry.ignored", "machine.cores", "registry.room"}
    assert re.search(r"16 golden rows as recorded; native answers", only(looks["model.answers"]).detail)
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if "__pycache__" not in path.parts and path.is_file()}
    assert {path for path in before | after if before.get(path) != after.get(path)} <= {
        folder / ".prisml" / f"registry.db{end}" for end in ("-wal", "-shm")
    }


@pytest.mark.usefixtures("quick")
def test_where_nothing_is_defined_it_says_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In a folder without a definition there is nothing to train: the way out of an empty registry is `prisml init`."""
    alone(tmp_path, monkeypatch)
    _, looks = found()
    assert (only(looks["registry.reachable"]).status, only(looks["registry.reachable"]).remedy) == ("warning", "prisml init")


@pytest.mark.usefixtures("quick")
def test_before_the_first_training_it_says_to_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An empty registry is a warning in a table that is plain in a pipe, and `prisml train` is the way out."""
    alone(shop(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}"), monkeypatch)
    code, looks = found()
    assert (code, only(looks["registry.reachable"]).status, only(looks["model.version"]).status) == (0, "warning", "skipped")
    shown = prisml_with("doctor")
    assert shown.exit_code == 0
    assert "\x1b" not in shown.stdout
    assert re.search(r"registry +│ registry +│ warning ", shown.stdout)
    assert "\nregistry.reachable (registry): prisml train\n" in shown.stdout
    mend(only(looks["registry.reachable"]))
    code, looks = found()
    assert {each.status for name in ("registry.reachable", "model.version", "model.answers") for each in looks[name]} == {"ok"}


@pytest.mark.usefixtures("quick")
def test_an_unknown_key_is_told_and_what_follows_is_skipped(folder: Path):
    """A typo in [tool.prisml] is wrong, with the key that was meant; the installation is looked at all the same."""
    with Path("pyproject.toml").open("a") as file:
        file.write(f"databse = 'postgresql://ada:{SECRET}@host/shop'\n")
    code, looks = found()
    told = only(looks["configuration.file"])
    assert (code, told.status, told.remedy) == (1, "wrong", "Did you mean 'database'?")
    assert only(looks["installation.core"]).status == "ok"
    assert {only(looks[name]).status for name in ("database.reachable", "registry.reachable", "model.version")} == {"skipped"}


@pytest.mark.usefixtures("quick")
def test_variables_that_are_misspelt_or_cannot_be_meant(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """An unknown PRISML_ variable is a warning, a value that cannot be one is wrong; names are shown, values never."""
    monkeypatch.setenv("PRISML_REGISTRI", f"sqlite:///{SECRET}.db")
    monkeypatch.setenv("PRISML_SIMD", SECRET)
    code, looks = found()
    assert code == 1
    _, misspelt = looks["configuration.environment"]
    assert (misspelt.subject, misspelt.status) == ("PRISML_REGISTRI", "warning")
    assert misspelt.remedy == "Did you mean PRISML_REGISTRY? Else: unset PRISML_REGISTRI"
    wrong = only(looks["configuration.settings"])
    assert wrong.status == "wrong"
    assert "PRISML_SIMD" in wrong.detail
    # No model can be loaded with it: the golden rows say so, and nothing is raised.
    assert only(looks["model.answers"]).status == "wrong"


def test_a_place_that_holds_no_onnx_runtime(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """PRISML_ORT_DYLIB that names nothing is wrong, and no model is loaded."""
    monkeypatch.setenv("PRISML_ORT_DYLIB", "/nowhere/libonnxruntime.so")
    code, looks = found()
    told = only(looks["runtime.library"])
    assert (code, told.status) == (1, "wrong")
    assert "PRISML_ORT_DYLIB: /nowhere" in told.detail
    assert {only(looks[name]).status for name in ("runtime.loads", "model.answers")} == {"skipped"}


def test_a_file_that_is_no_library_does_not_harm_the_doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What cannot be loaded is tried in a process of its own, and the variable that names it is told."""
    library = tmp_path / "libonnxruntime.so.1.20.0"
    library.write_bytes(b"no library")
    monkeypatch.setenv("PRISML_ORT_DYLIB", str(library))
    looks = {each.id: each for each in look_at_runtime()}
    assert [looks[name].status for name in ("runtime.library", "runtime.version", "runtime.loads")] == ["ok", "wrong", "wrong"]
    assert "PRISML_ORT_DYLIB" in str(looks["runtime.loads"].remedy)
    assert "1.20.0: processes crash" in looks["runtime.version"].detail


@pytest.mark.usefixtures("quick")
def test_a_port_where_nobody_answers(folder: Path):
    """Database and registry that cannot be reached are wrong, without their password, and exit with 1."""
    url = f"postgresql+psycopg://ada:{SECRET}@127.0.0.1:1/shop"
    code, looks = found("--database", url, "--registry", url)
    assert code == 1
    for name in ("database.reachable", "registry.reachable"):
        told = only(looks[name])
        assert told.status == "wrong"
        assert "127.0.0.1" in told.detail
        assert told.remedy
    assert {only(looks[name]).status for name in ("definitions.import", "model.schema", "model.version")} == {"ok", "skipped"}


@pytest.mark.usefixtures("quick")
def test_a_registry_that_is_no_database(folder: Path):
    """A file of other bytes is one wrong check; the definition and the database are looked at all the same."""
    for path in Path(".prisml").iterdir():
        path.unlink()
    Path(".prisml/registry.db").write_bytes(b"this is no database, and it is long enough to be looked at" * 40)
    code, looks = found()
    assert (code, only(looks["registry.reachable"]).status, only(looks["model.schema"]).status) == (1, "wrong", "ok")
    assert only(looks["model.version"]).status == "skipped"


@pytest.mark.usefixtures("quick")
def test_a_registry_of_an_older_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is a warning, and the command that is named brings it up to date."""
    alone(tmp_path, monkeypatch)
    engine = create_engine("sqlite:///old.db")
    make_registry_v1(engine, [make_artifact()])
    engine.dispose()
    monkeypatch.setenv("PRISML_REGISTRY", "sqlite:///old.db")
    code, looks = found()
    assert (code, only(looks["registry.schema"]).status, only(looks["registry.writable"]).status) == (0, "warning", "skipped")
    mend(only(looks["registry.schema"]))
    _, looks = found()
    assert (only(looks["registry.schema"]).status, only(looks["registry.writable"]).status) == ("ok", "ok")
    # It was made by hand, without golden rows.
    assert only(looks["model.answers"]).status == "skipped"


@pytest.mark.usefixtures("quick")
def test_a_table_that_is_not_there(folder: Path):
    """The model's schema is wrong, and it is named what is there."""
    with sqlite3.connect("shop.db") as database:
        database.execute("ALTER TABLE customer RENAME TO customers")
    database.close()
    code, looks = found()
    told = only(looks["model.schema"])
    assert (code, told.status, told.remedy) == (1, "wrong", "Did you mean customers?")
    assert "table customer does not exist" in told.detail


@pytest.mark.usefixtures("quick")
def test_a_column_that_drifted(folder: Path):
    """The version that serves was trained on another column; the command that is named trains anew, and all is well."""
    with sqlite3.connect("shop.db") as database:
        rows = database.execute("SELECT * FROM customer").fetchall()
        (made,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'customer'").fetchone()
        database.execute("DROP TABLE customer")
        database.execute(made.replace("country VARCHAR(20) NOT NULL", "country VARCHAR(20)"))
        database.executemany("INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?)", rows)
    database.close()
    code, looks = found()
    told = only(looks["model.version"])
    assert (code, told.status, told.remedy, told.subject) == (1, "wrong", "prisml check --retrain", "churn, version 1")
    assert "customer.country" in told.detail
    mend(told)
    code, looks = found()
    assert (code, only(looks["model.version"]).status, only(looks["model.version"]).subject) == (0, "ok", "churn, version 2")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("line", ["import nothing_of_this_name", "raise SystemExit(0)", f"raise ValueError({SECRET!r})", "def broken(:"])
def test_a_definition_that_cannot_be_imported(folder: Path, line: str):
    """Whatever a module does when it is imported is a finding with its file, and a sound one beside it is looked at."""
    Path("broken.py").write_text(line)
    code, looks = found("broken.py", "shop.py:churn")
    assert code == 1
    assert {each.subject: each.status for each in looks["definitions.import"]} == {"churn": "ok", "broken.py": "wrong"}
    assert only(looks["model.version"]).status == "ok"


@pytest.mark.usefixtures("quick")
def test_a_version_that_answers_otherwise_than_recorded(folder: Path):
    """Golden rows that this process answers otherwise are wrong, and the rollback that is named ends it."""
    registry = Registry("sqlite:///.prisml/registry.db")
    sound = registry.artifact("churn")
    row = GoldenRow(features=sound.manifest.golden[0].features, expected=(0.123456,))
    other = sound.manifest.model_copy(update={"golden": (row, *sound.manifest.golden[1:])})
    registry.publish(Artifact(other.to_json(), sound.onnx, sound.report_text))
    code, looks = found()
    told = only(looks["model.answers"])
    assert (code, told.status) == (1, "wrong")
    mend(told)
    assert only(found()[1]["model.answers"]).status == "ok"


@pytest.mark.usefixtures("quick")
def test_a_registry_in_a_repository_that_does_not_ignore_it(folder: Path):
    """It is a warning, and the line that is named ends it."""
    subprocess.run(["git", "init", "--quiet"], check=True)
    told = only(found()[1]["registry.ignored"])
    assert (told.status, told.remedy) == ("warning", "echo '.prisml/' >> .gitignore")
    subprocess.run(str(told.remedy), shell=True, check=True)  # noqa: S602 -- It is the line that users are shown.
    assert only(found()[1]["registry.ignored"]).status == "ok"


@pytest.mark.usefixtures("quick")
def test_a_registry_beside_the_code_is_ignored_by_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Where the registry's file lies among others, the line that is named ignores the file and not the folder."""
    monkeypatch.setenv("PRISML_REGISTRY", "sqlite:///models.db")
    Registry("sqlite:///models.db").publish(make_artifact())
    subprocess.run(["git", "init", "--quiet"], check=True)
    told = only(found()[1]["registry.ignored"])
    assert told.status == "warning"
    subprocess.run(str(told.remedy), shell=True, check=True)  # noqa: S602 -- As above.
    assert only(found()[1]["registry.ignored"]).status == "ok"
    listed = subprocess.run(["git", "status", "--short", "--ignored"], check=True, capture_output=True, text=True).stdout
    assert "!! models.db\n" in listed
    assert "?? shop.py\n" in listed


def test_a_registry_that_may_only_be_read(monkeypatch: pytest.MonkeyPatch):
    """Whoever may not write its file is told that this is enough to serve, and not to publish."""
    with tempfile.TemporaryDirectory() as name:
        registry = Registry(f"sqlite:///{name}/registry.db")
        registry.publish(make_artifact())
        for path, mode in ((Path(name, "registry.db"), 0o444), (Path(name), 0o555)):
            path.chmod(mode)
        with as_nobody():
            looks = {each.id: each for each in look_at_content(registry, "prisml train")}
        Path(name).chmod(0o755)
    assert (looks["registry.reachable"].status, looks["registry.writable"].status) == ("ok", "warning")
    assert "enough to serve" in looks["registry.writable"].detail


@pytest.fixture
def reader(postgresql_url: str) -> Iterator[tuple[str, str]]:
    """The URL of a shop in PostgreSQL for its owner, and for somebody who may read none of its tables."""
    engine = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE doctor_reader LOGIN PASSWORD '{SECRET}'"))
        try:
            yield (
                postgresql_url,
                make_url(postgresql_url).set(username="doctor_reader", password=SECRET).render_as_string(hide_password=False),
            )
        finally:
            connection.execute(text("DROP OWNED BY doctor_reader"))
            connection.execute(text("DROP ROLE doctor_reader"))
    engine.dispose()


@pytest.mark.usefixtures("quick")
def test_rights_in_postgresql(reader: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A table that may not be read is wrong and a registry that may not be written a warning; the GRANT that is named mends the first."""
    owner, url = reader
    alone(shop(tmp_path, owner), monkeypatch)
    Registry(owner).publish(make_artifact())
    engine = create_engine(owner)
    with engine.begin() as connection:
        connection.execute(
            text("GRANT SELECT ON prisml_schema, prisml_versions, prisml_deployments, prisml_blobs TO doctor_reader"),
        )
    code, looks = found("--database", url, "--registry", url)
    told = only(looks["database.rights"])
    assert (code, told.status, told.remedy) == (1, "wrong", "GRANT SELECT ON customer TO doctor_reader;")
    assert only(looks["model.schema"]).status == "skipped"
    assert only(looks["database.snapshot"]).status == "ok"
    assert "postgresql" in only(looks["database.reachable"]).detail
    assert only(looks["registry.writable"]).status == "warning"
    with engine.begin() as connection:
        connection.execute(text(str(told.remedy)))
    engine.dispose()
    _, looks = found("--database", url, "--registry", url)
    assert (only(looks["database.rights"]).status, only(looks["model.schema"]).status) == ("ok", "ok")
    _, looks = found("--database", owner, "--registry", owner)
    assert only(looks["registry.writable"]).status == "ok"


def site_packages() -> Path:
    """Where the packages of this interpreter lie."""
    return Path(__import__("sqlalchemy").__file__).parents[1]


@pytest.mark.skipif(os.name != "posix", reason="links to the packages")
def test_an_install_that_only_serves(folder: Path):
    """Without the training stack that is said, and nothing of it is wrong; the version still answers as recorded."""
    # The shop of these tests imports what they need.
    Path("shop.py").write_text(re.sub(r"^(import pytest|from click.*)\n", "", Path("shop.py").read_text(), flags=re.MULTILINE))
    with tempfile.TemporaryDirectory() as name:
        for package in SERVING:
            for path in (site_packages() / package, *site_packages().glob(f"{package.partition('.')[0]}-*.dist-info")):
                if path.exists():
                    (Path(name) / path.name).symlink_to(path)
        for path in (*site_packages().glob("numpy.libs"), *site_packages().glob("onnxruntime.libs")):
            (Path(name) / path.name).symlink_to(path)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PRISML_")}
        paths = os.pathsep.join([name, str(Path(prisml.__file__).parents[1])])
        shown = subprocess.run(
            [sys.executable, "-S", "-m", "prisml", "doctor", "--json"],
            cwd=folder,
            env={**kept, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=False,
        )
    document: dict[str, Any] = json.loads(shown.stdout)
    said = {each["id"]: each for each in document["checks"]}
    assert shown.returncode == 0, [each for each in document["checks"] if each["status"] == "wrong"]
    assert (said["training.stack"]["status"], said["training.stack"]["remedy"]) == ("skipped", 'pip install "prisml[train]"')
    assert said["training.extras"]["detail"] == "none"
    assert said["model.answers"]["status"] == "ok"


def test_examining_shows_the_same_to_a_program(folder: Path, quick: None):
    """``examine`` is what the command shows, for a program's own health page."""
    diagnosis = examine()
    assert diagnosis.passed
    assert {each.id for each in diagnosis.findings} == set(CHECKS)
