"""``prisml train`` in a container, by a program that stands in for Docker: no engine runs where these tests do."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import create_engine

from prisml.registry import Registry
from tests.support.console import MODEL, alone, environment, fill, prisml_with, run
from tests.support.standin import StandIn

SERVER = "postgresql+psycopg://anna:hunter2@{host}/shop"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """The stand-in, healthy, and the first on PATH."""
    made = StandIn.of(tmp_path / "bin")
    monkeypatch.setenv("PATH", made.path)
    return made


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two models and a database without tables; a comma in its name would tear a mount apart."""
    folder = tmp_path / "a shop, anna"
    folder.mkdir()
    (folder / "shop.py").write_text(MODEL)
    (folder / "pyproject.toml").write_text(f"[tool.prisml]\ndatabase = 'sqlite:///{folder}/shop.db'\nmodels = ['shop.py:churn']\n")
    (folder / "shop.db").touch()
    return alone(folder, monkeypatch)


def trained_by(*words: str) -> Result:
    """``prisml train`` in a container, called in this process."""
    return prisml_with("train", "--backend", "docker", *words)


def test_a_model_is_trained_in_a_container_as_it_would_be_here(engine: StandIn, project: Path, tmp_path: Path):
    """Trained from a copy with the rows of an open write-ahead log, it has the digest of training here, and keeps what was said of it."""
    fill(f"sqlite:///{project}/shop.db")
    database = create_engine(f"sqlite:///{project}/shop.db")
    with database.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint=0")
        connection.exec_driver_sql("DELETE FROM customer WHERE id > 300")
        connection.commit()
        said = {"LOGNAME": "ada", "PRISML_COMMIT": "9f3ab2c"}
        done = run(project, "train", "--backend", "docker", "--label", "v1.0", "--note", "-- the first", **said)
    assert done.returncode == 0, done.stderr
    assert "it serves now." in done.stdout
    registry = Registry(f"sqlite:///{project}/.prisml/registry.db")
    version = registry.version("churn", "v1.0")
    assert (version.note, version.author, version.commit, version.active) == ("-- the first", "ada", "9f3ab2c", True)
    assert registry.artifact("churn").manifest.rows.extracted == 300
    here = f"sqlite:///{tmp_path}/here.db"
    assert run(project, "train", "--backend", "local", "--registry", here).returncode == 0
    assert [each.digest for each in Registry(here).versions("churn")] == [version.digest]


def test_a_container_sees_the_project_to_read_and_the_registry_to_write(engine: StandIn, project: Path):
    """Of this machine it gets the project, the registry's folder and a copy of the database, this user's number, and no network."""
    engine.answer(run={"code": 0})
    assert trained_by("shop.py:churn").exit_code == 0
    (call,) = engine.calls("run")
    mounts = call.options("--mount")
    assert f'type=bind,"source={project}","target={project}",readonly' in mounts
    assert f'type=bind,"source={project}/.prisml","target={project}/.prisml"' in mounts
    (copied,) = [mount for mount in mounts if str(project) not in mount]
    folder = Path(copied.rpartition("target=")[2])
    assert call.environment["DATABASE_URL"].startswith(f"sqlite:///{folder}/")
    assert not folder.exists()
    assert call.options("--user") == [f"{os.getuid()}:{os.getgid()}"]
    assert call.options("--network") == ["none"]
    assert call.options("--workdir") == [str(project)]
    assert {"--rm", "--init", "--read-only"} <= set(call.words)
    assert call.options("--security-opt") == ["no-new-privileges"]
    assert call.options("--pull") == ["never"]
    assert call.words[-6:] == ("prisml", "train", "--backend", "local", "--", "shop.py:churn")


@pytest.mark.parametrize(
    ("host", "network"), [("localhost", ["host"]), ("127.0.0.1:5433", ["host"]), ("[::1]", ["host"]), ("db.example.org", [])]
)
def test_no_secret_stands_in_a_command(
    engine: StandIn, project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], host: str, network: list[str]
):
    """A URL goes by the environment, whose names alone are in the command; the network is the host's for its own servers alone."""
    engine.answer(run={"stdout": "trained\n", "code": 0})
    monkeypatch.setenv("PGPASSWORD", "hunter3")
    monkeypatch.setenv("SHOP_KEY", "hunter4")
    assert trained_by("--database", SERVER.format(host=host), "--json").exit_code == 0
    assert capfd.readouterr().out == "trained\n"
    for call in [*engine.calls("info"), *engine.calls("image"), *engine.calls("run")]:
        assert "hunter" not in " ".join(call.words)
    (call,) = engine.calls("run")
    assert call.environment["DATABASE_URL"] == SERVER.format(host=host)
    assert {"DATABASE_URL", "PRISML_REGISTRY", "PGPASSWORD"} <= set(call.options("--env"))
    assert "SHOP_KEY" not in call.options("--env")
    assert call.options("--network") == network
    assert call.words[-6:] == ("prisml", "train", "--backend", "local", "--json", "--")


@pytest.mark.parametrize("code", [1, 2, 3, 130])
def test_the_exit_code_is_that_of_the_training(engine: StandIn, project: Path, capfd: pytest.CaptureFixture[str], code: int):
    """What the training in the container says, on both streams and by its exit code, is what the command says."""
    engine.answer(run={"stdout": '{"ok": false}\n', "stderr": "error[quality_gate]: no\n", "code": code})
    assert trained_by("--json").exit_code == code
    assert tuple(capfd.readouterr()) == ('{"ok": false}\n', "error[quality_gate]: no\n")


DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n"
DENIED = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock\n"
REFUSED = {
    "not running": ({"info": {"stderr": DAEMON, "code": 1}}, "is installed and does not answer", "sudo systemctl start docker"),
    "not running, and no exit code": ({"info": {"stdout": "\n", "stderr": DAEMON}}, "does not answer", "sudo systemctl start docker"),
    "not allowed": ({"info": {"stderr": DENIED, "code": 1}}, "permission denied on its socket", "the group docker"),
    "no image": ({"image": {"stderr": "No such image\n", "code": 1}}, "has no image 'prisml-trainer:", "--file Dockerfile.trainer --tag"),
    "not started": ({"run": {"stderr": "mounts denied\n", "code": 125}}, "could not be started", "File sharing"),
    "not executable": ({"run": {"code": 126}}, "cannot be executed", "architecture"),
    "no prisml": ({"run": {"code": 127}}, "holds no prisml", "FROM prisml-trainer:"),
    "killed": ({"run": {"code": 137}}, "memory runs out", "more memory"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_engine_refuses_is_told_with_the_way_out(engine: StandIn, project: Path, case: str):
    """Each way in which Docker fails is a ``TrainingEnvironmentError`` of its own, on stderr and as JSON, and nothing is published."""
    answers, message, way_out = REFUSED[case]
    engine.answer(**answers)
    done = trained_by("--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["exit_code"], told["error"]["code"]) == (2, 2, "training_environment")
    assert message in told["error"]["message"]
    assert way_out in " ".join(told["error"]["suggestions"])
    assert "error[training_environment]" in done.stderr
    assert not list(project.glob(".prisml/*"))


def test_an_engine_that_hangs_is_not_waited_for(engine: StandIn, project: Path, monkeypatch: pytest.MonkeyPatch):
    """A daemon that does not answer within seconds is told as one that does not answer."""
    monkeypatch.setattr("prisml.commands.backend.engine.PATIENCE_S", 0.2)
    engine.answer(info={"stdout": "27.3.1", "seconds": 60})
    assert "is installed and does not answer" in trained_by().stderr


def test_without_any_engine_it_is_said_how_to_get_one(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where neither program is on PATH, the error names both, and the training stack as the other way; so for one elsewhere."""
    monkeypatch.setenv("PATH", str(tmp_path))
    done = trained_by()
    assert done.exit_code == 2
    assert "Neither docker nor podman is on PATH." in done.stderr
    assert 'pip install "prisml[train]"' in done.stderr
    monkeypatch.setenv("DOCKER_HOST", "ssh://elsewhere")
    assert "an engine on another machine" in trained_by().stderr


def test_auto_takes_a_container_where_the_training_stack_is_missing(
    engine: StandIn, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With a stack that cannot train, auto goes to the engine; without one it says how to get either; local never looks for one."""
    useless = tmp_path / "useless" / "scikit_learn-1.4.2.dist-info"
    useless.mkdir(parents=True)
    (useless / "METADATA").write_text("Metadata-Version: 2.1\nName: scikit-learn\nVersion: 1.4.2\n")
    monkeypatch.syspath_prepend(useless.parent)
    engine.answer(run={"code": 0})
    assert prisml_with("train").exit_code == 0
    assert len(engine.calls("run")) == 1
    monkeypatch.setenv("PRISML_BACKEND", "local")
    assert "scikit-learn 1.4.2 is installed" in prisml_with("train").stderr
    monkeypatch.delenv("PRISML_BACKEND")
    monkeypatch.setenv("PATH", str(tmp_path))
    neither = prisml_with("train")
    assert (neither.exit_code, len(engine.calls("run"))) == (2, 1)
    for words in ("neither here nor in a container", "scikit-learn 1.4.2 is installed", "Neither docker nor podman", "Install Docker"):
        assert words in neither.stderr


def test_podman_stands_in(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where there is Podman alone, it is asked in its own words, and keeps this user's number inside."""
    engine = StandIn.of(tmp_path / "bin", "podman")
    engine.answer(run={"code": 0})
    for name, value in (
        ("PATH", str(engine.folder)),
        ("PRISML_BACKEND", "docker"),
        ("PRISML_IMAGE", "registry.example.org:5000/trainer:2"),
    ):
        monkeypatch.setenv(name, value)
    assert prisml_with("train").exit_code == 0
    (info,), (image,), (started,) = (engine.calls(command) for command in ("info", "image", "run"))
    assert info.words[-1] == "{{.Version.Version}}"
    assert image.words[-1] == "registry.example.org:5000/trainer:2"
    assert started.options("--userns") == ["keep-id"]


def test_a_dry_run_shows_the_command_and_does_nothing(engine: StandIn, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The command is written as a shell would read it, needs no engine, hands every option on, and leaves no folder."""
    told = json.loads(trained_by("--dry-run", "--json").stdout)
    assert (told["backend"], told["ok"], engine.calls("info")) == ("docker", True, [])
    assert {"DATABASE_URL", "PRISML_REGISTRY", "LOGNAME"} <= set(told["environment"])
    assert json.loads(prisml_with("train", "--dry-run", "--json").stdout)["backend"] == "local"
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = trained_by("shop.py:churn", "--label", "v1 'x'", "--no-activate", "--quiet", "--debug", "--dry-run")
    command = shlex.split(shown.stdout)
    assert command[:2] == ["docker", "run"]
    inner = command[command.index("prisml") :]
    assert (inner[:4], inner[-3:]) == (["prisml", "train", "--backend", "local"], ["--debug", "--", "shop.py:churn"])
    assert sorted(inner[4:-3]) == ["--label=v1 'x'", "--no-activate", "--quiet"]
    assert not (project / ".prisml").exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("../outside.py",), 2, "outside the project"),
        (("--database", "postgresql+psycopg:///shop"), 2, "names no host"),
        (("--registry", "mysql+pymysql://anna@localhost/x?unix_socket=/run/x.sock"), 2, "names no host"),
        (("--database", "sqlite://"), 2, "in memory"),
        (("--registry", "sqlite:////registry.db"), 2, "cannot be given to a container"),
        (("--database", "sqlite:///none.db"), 3, "none.db"),
    ],
)
def test_what_no_container_can_reach_is_refused(engine: StandIn, project: Path, words: tuple[str, ...], code: int, message: str):
    """Code outside the project, a socket, a database in memory, a folder of the system or none are refused before anything starts."""
    (project.parent / "outside.py").write_text("")
    done = trained_by(*words)
    assert (done.exit_code, message in done.stderr) == (code, True), done.stderr
    assert engine.calls("run") == []


def test_a_backend_that_there_is_not_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch):
    """A word in the environment or in pyproject.toml that names no backend is a ``ConfigurationError`` with those there are."""
    monkeypatch.setenv("PRISML_BACKEND", "cloud")
    done = prisml_with("train")
    assert (done.exit_code, "Known are: auto, local, docker." in done.stderr) == (2, True)


@pytest.mark.parametrize(("behaviour", "signals", "stops"), [("wait", 1, 0), ("deaf", 2, 1)])
def test_an_interruption_ends_the_container(engine: StandIn, project: Path, behaviour: str, signals: int, stops: int):
    """Ctrl-C reaches the training once, which may say what was done; a second one stops the container; the exit code is 130."""
    engine.answer(run=behaviour)
    command = [sys.executable, "-m", "prisml", "train", "--backend", "docker"]
    child = subprocess.Popen(command, cwd=project, env=environment(), stderr=subprocess.PIPE)
    wait_for(engine.folder / "running")
    for place in range(signals):
        time.sleep(0.3 * place)
        child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130, said
    assert len(engine.calls("stop")) == stops
    wait_for(engine.folder / "heard.json")
    assert json.loads((engine.folder / "heard.json").read_text()) == [signal.SIGINT]
    if stops:
        assert engine.calls("stop")[0].words[-1] == engine.calls("run")[0].options("--name")[0]


def test_a_termination_is_handed_on(engine: StandIn, project: Path):
    """What ends this process, as a supervisor does, ends the container too."""
    engine.answer(run="wait")
    command = [sys.executable, "-m", "prisml", "train", "--backend", "docker"]
    child = subprocess.Popen(command, cwd=project, env=environment())
    wait_for(engine.folder / "running")
    child.terminate()
    assert child.wait(60) == 128 + signal.SIGTERM
    assert json.loads((engine.folder / "heard.json").read_text()) == [signal.SIGTERM]


def wait_for(file: Path) -> None:
    """Until that file is there."""
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline, file
        time.sleep(0.02)
