"""The registry's commands as people and pipelines run them: processes, terminals, servers, interruptions."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from prisml.registry import Registry
from tests.artifacts import expected, make_artifact
from tests.support.console import documents, environment, run, three_versions
from tests.support.registry_v1 import make_registry_v1
from tests.support.serving import ROW

PATIENCE_S = 60.0
CTRL_C = b"\x03"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose default registry has three versions of churn, of which the last serves."""
    three_versions(tmp_path)
    return tmp_path


def numbers(folder: Path) -> list[int]:
    """The versions of churn in the folder's registry."""
    return [version.number for version in Registry(f"sqlite:///{folder}/.prisml/registry.db").versions("churn")]


def test_a_day_with_versions_on_every_database(tmp_path: Path, database_url: str):
    """On SQLite, PostgreSQL and MariaDB: roll back, experiment, ramp, promote, describe, prune, verify and move to another registry."""
    registry = Registry(database_url)
    for bias in range(4):
        registry.publish(make_artifact(bias=float(bias)), author="ada")
    where = {"PRISML_REGISTRY": database_url}
    for words in (
        ["rollback", "churn", "--expect", "4", "--why", "too keen"],
        ["describe", "churn", "1", "--label", "v1.0"],
        ["experiment", "start", "churn", "3=0.5", "v1.0=0.5", "--name", "spring", "--force", "42=v1.0"],
        ["experiment", "ramp", "churn", "3=0.25", "1=0.5", "2=0.25"],
        ["experiment", "promote", "churn", "v1.0", "--why", "better"],
        ["prune", "churn", "--keep", "1", "--yes"],
        ["verify", "--repair"],
        ["export", "--all", "--to", "all.prisml"],
        ["import", "all.prisml", "--registry", f"sqlite:///{tmp_path}/elsewhere.db"],
    ):
        done = run(tmp_path, *words, **where)
        assert (done.returncode, done.stderr) == (0, ""), words
    assert [(each.number, each.label, each.active) for each in registry.versions("churn")] == [(1, "v1.0", True), (4, None, False)]
    told = json.loads(run(tmp_path, "history", "churn", "--json", **where).stdout)
    assert [entry["action"] for entry in told["entries"]] == ["promote", "ramp", "start", "rollback", *["publish"] * 4]
    assert Registry(f"sqlite:///{tmp_path}/elsewhere.db").history("churn") == registry.history("churn")


def test_rows_are_predicted_by_the_variant_of_their_key(folder: Path):
    """While an experiment runs, a JSON row that gives its primary key is answered by its variant, and one without by control."""
    registry = Registry(f"sqlite:///{folder}/.prisml/registry.db")
    experiment = registry.experiments.start("churn", {3: 0.5, 1: 0.5})
    rows = [{"id": number, **ROW} for number in range(20)]
    answered = documents(run(folder, "predict", "churn", given="\n".join(map(json.dumps, [*rows, ROW]))))
    variants = [experiment.assign(row["id"]) for row in rows]
    assert [(each["version"], each["variant"]) for each in answered[:-1]] == [(variant.version, variant.name) for variant in variants]
    assert [each["value"] for each in answered[:-1]] == pytest.approx(
        [expected(ROW, bias=variant.version - 1.0) for variant in variants], abs=1e-6
    )
    assert (answered[-1]["version"], "variant" in answered[-1]) == (3, False)
    registry.describe("churn", 2, label="v1.1")
    (pinned,) = documents(run(folder, "predict", "churn", "--version", "v1.1", given=json.dumps(rows[0])))
    assert (pinned["version"], "variant" in pinned) == (2, False)


def at_a_terminal(folder: Path, typed: bytes, *words: str) -> tuple[int, str]:
    """The exit code and all that was shown where stdin, stdout and stderr are a terminal at which ``typed`` is typed when asked."""
    child, screen = pty.fork()
    if child == 0:
        # A shell's background job ignores Ctrl-C, and what it starts inherits that.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-m", "prisml", *words], environment(TERM="dumb"))  # noqa: S606
    shown = b""
    end = time.monotonic() + PATIENCE_S
    answered = False
    while time.monotonic() < end:
        if not select.select([screen], [], [], 2.0)[0]:
            # Python loses a Ctrl-C that arrives just before it begins to read: whoever sits there presses it again.
            answered = answered and typed != CTRL_C
        else:
            try:
                part = os.read(screen, 65536)
            except OSError:
                # Linux says so where the last writer has gone.
                break
            if not part:
                break
            shown += part
        if not answered and b"[y/N]" in shown:
            os.write(screen, typed)
            answered = True
    # Whoever still waits has lost its terminal, and ends.
    os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("typed", "code", "said", "left"),
    [
        (b"y\n", 0, "Version 1 of churn is deleted.", [2, 3]),
        (b"n\n", 1, "Nothing was deleted.", [1, 2, 3]),
        (b"\n", 1, "Nothing was deleted.", [1, 2, 3]),
        (CTRL_C, 130, "Interrupted. `prisml versions churn --all` shows whether it was done.", [1, 2, 3]),
        (b"\x04", 130, "Interrupted. `prisml versions churn --all` shows whether it was done.", [1, 2, 3]),
    ],
    ids=["yes", "no", "nothing", "Ctrl-C", "end of input"],
)
def test_whoever_sits_at_a_terminal_is_asked(folder: Path, typed: bytes, code: int, said: str, left: list[int]):
    """Delete asks at a terminal: yes deletes, no is 1, an interruption is 130; without a yes everything stays."""
    exit_code, shown = at_a_terminal(folder, typed, "delete", "churn", "1")
    assert "Delete version 1 of churn, for good? [y/N]" in shown
    assert (exit_code, said in shown) == (code, True), shown
    assert numbers(folder) == left


def test_prune_asks_for_all_at_once(folder: Path):
    """Prune names every version that would go and asks once; what cannot be deleted anyway is not asked about."""
    exit_code, shown = at_a_terminal(folder, b"y\n", "prune", "churn", "--keep", "1")
    assert (exit_code, shown.count("[y/N]")) == (0, 1)
    assert "Delete versions 1, 2 of churn, for good?" in shown
    assert numbers(folder) == [3]
    refused, said = at_a_terminal(folder, b"y\n", "delete", "churn", "3")
    assert (refused, "[y/N]" in said, "error[conflict]" in said) == (1, False, True)


def test_a_command_that_waits_can_be_interrupted(tmp_path: Path, postgresql_url: str):
    """Ctrl-C while another writer holds the registry: 130, it is said how to look, and nothing was changed."""
    registry = three_versions_at(postgresql_url)
    database = create_engine(postgresql_url, poolclass=NullPool)
    with database.begin() as connection:
        connection.execute(text("SELECT version FROM prisml_schema WHERE id = 1 FOR UPDATE"))
        command = [sys.executable, "-m", "prisml", "activate", "churn", "1", "--json"]
        with subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment(PRISML_REGISTRY=postgresql_url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell's background job ignores Ctrl-C, and what it starts inherits that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        ) as waiting:
            wait_for_a_lock(postgresql_url)
            waiting.send_signal(signal.SIGINT)
            told, said = waiting.communicate(timeout=PATIENCE_S)
    assert (waiting.returncode, said.lstrip()) == (130, "Interrupted. `prisml history churn` shows whether it was done.\n")
    assert json.loads(told)["error"]["code"] == "interrupted"
    assert registry.active("churn").number == 3


def three_versions_at(url: str) -> Registry:
    """A registry at that URL with three versions of churn, of which the last serves."""
    registry = Registry(url)
    for bias in range(3):
        registry.publish(make_artifact(bias=float(bias)))
    return registry


def wait_for_a_lock(url: str) -> None:
    """Return when some session of the server waits for a lock."""
    end = time.monotonic() + PATIENCE_S
    database = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with database.connect() as connection:
        while connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one() == 0:
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.mark.parametrize("words", [["history", "churn"], ["versions", "--json"], ["show", "churn"], ["experiment", "status"]])
def test_a_reader_that_has_gone_hears_nothing(folder: Path, words: list[str]):
    """Where whoever reads the answer has closed the pipe, the command ends in silence."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "prisml", *words]
    ended = subprocess.run(command, cwd=folder, env=environment(), stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, "")


WRITING = [
    ["activate", "churn", "1"],
    ["rollback", "churn"],
    ["describe", "churn", "1", "--note", "x"],
    ["delete", "churn", "1", "--yes"],
    ["prune", "churn", "--keep", "1", "--yes"],
    ["import", "bundle"],
    ["experiment", "start", "churn", "3=0.5", "1=0.5"],
]
READING = [
    ["versions"],
    ["show", "churn"],
    ["compare", "churn", "1", "2"],
    ["history", "churn"],
    ["history", "churn", "--html", "x.html"],
    ["export", "churn", "--to", "written"],
    ["prune", "churn", "--dry-run"],
    ["verify"],
    ["experiment", "status"],
    ["registry", "status"],
]


def test_a_registry_of_an_older_release_is_read_and_upgraded_before_it_is_written(tmp_path: Path):
    """Every command that reads works on schema 1, every one that writes ends with 3 and names the upgrade, after which it works."""
    database = create_engine(f"sqlite:///{tmp_path}/old.db", poolclass=NullPool)
    make_registry_v1(database, [make_artifact(bias=float(bias)) for bias in range(3)])
    where = {"PRISML_REGISTRY": f"sqlite:///{tmp_path}/old.db"}
    for words in READING:
        assert run(tmp_path, *words, **where).returncode == 0, words
    assert "1, this release writes 3: prisml registry upgrade" in run(tmp_path, "registry", "status", **where).stdout
    run(tmp_path, "export", "churn", "--version", "2", "--to", "bundle", **where)
    for words in WRITING:
        refused = run(tmp_path, *words, **where)
        assert (refused.returncode, refused.stdout) == (3, ""), words
        assert "has schema 1; this release writes 3" in refused.stderr
        assert "prisml registry upgrade" in refused.stderr
    upgraded = run(tmp_path, "registry", "upgrade", **where)
    assert (upgraded.returncode, upgraded.stdout) == (0, f"The registry sqlite:///{tmp_path}/old.db has schema 3 now (1 before).\n")
    assert run(tmp_path, "rollback", "churn", **where).returncode == 0
    assert json.loads(run(tmp_path, "registry", "upgrade", "--json", **where).stdout)["changed"] is False


def test_a_registry_that_cannot_be_reached_is_3(folder: Path):
    """Where nobody answers every command ends with 3, writes nothing to stdout, and shows no password."""
    run(folder, "export", "churn", "--to", "bundle")
    where = {"PRISML_REGISTRY": "postgresql+psycopg://ada:s3cret@127.0.0.1:1/ml"}
    for words in [*READING, *WRITING, ["registry", "upgrade"], ["experiment", "stop", "churn"], ["experiment", "promote", "churn"]]:
        refused = run(folder, *words, **where)
        assert (refused.returncode, refused.stdout) == (3, ""), words
        assert refused.stderr.startswith("error[registry]: ")
        assert "s3cret" not in refused.stderr
