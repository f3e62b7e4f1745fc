"""What is logged of real work: each event with its fields, never a value of the data nor a password, and nothing of a prediction."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from prisml import load
from prisml.commands.train import train
from prisml.definition.model import ModelDefinition
from prisml.errors import SchemaDriftError
from prisml.extraction.fingerprint import columns_fingerprint
from prisml.logs import EVENTS
from prisml.manifest import Fingerprints
from prisml.registry import Registry
from tests.artifacts import AGE, make_artifact
from tests.support.console import alone, prisml_with, run, shop
from tests.support.drifting import define, fill

SECRET = "hunter2-and-more"


class Heard(logging.Handler):
    """Every record of PrisML's, kept."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def of(self, event: str) -> list[logging.LogRecord]:
        return [record for record in self.records if record.event == event]

    def said(self) -> str:
        """All there is in the records, words and fields."""
        return "\n".join(f"{record.getMessage()} {vars(record)!r}" for record in self.records)


@pytest.fixture
def heard() -> Iterator[Heard]:
    """All that is logged during the test, from DEBUG on."""
    handler, logger = Heard(), logging.getLogger("prisml")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def definition() -> ModelDefinition[object]:
    """The shop's model of churn."""
    return define()


def until(done: Callable[[], object]) -> None:
    """Wait until it is so; a test must not wait for ever."""
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_the_main_job_is_logged_without_a_value_of_the_data(tmp_path: Path, heard: Heard, definition: ModelDefinition[object]):
    """Training, publishing and every move are logged with all fields of their events; no city, plan, age or amount is in any of it."""
    database = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    fill(database)
    registry = Registry(f"sqlite:///{tmp_path / 'registry.db'}")
    train(definition, database=database, registry=registry)
    registry.publish(registry.artifact("churn"), note="again", author=SECRET, why=SECRET)
    registry.publish(make_artifact(output="leaves"), activate=False)
    registry.experiments.start("churn", {1: 0.5, 2: 0.5}, name="test", forced={SECRET: 2})
    registry.experiments.stop("churn")
    registry.activate("churn", 2)
    registry.rollback("churn")
    registry.delete("churn", 2)
    database.dispose()
    names = [record.event for record in heard.records]
    assert names[:2] == ["training.begun", "training.step_begun"]
    assert "training.ended" in names
    assert [record.action for record in heard.of("registry.moved")] == ["publish", "start", "stop", "activate", "rollback"]
    (read,) = heard.of("extraction.read")
    assert (read.rows, read.kept, read.dialect, read.output) == (200, 200, "sqlite", "leaves")
    begun, ended = ({record.step for record in heard.of(f"training.step_{end}")} for end in ("begun", "ended"))
    assert begun == ended >= {"check", "extract", "split", "leakage", "fit", "export", "parity", "gates", "publish"}
    for record in heard.records:
        event = EVENTS[record.event]
        assert (record.name, record.levelno) == (event.logger, event.level)
        assert all(hasattr(record, field) for field in event.fields), record.event
    said = heard.said()
    assert SECRET not in said
    # What the features of fill() hold: cities, segments and plans.
    assert not re.search(r"\b(Rome|Oslo|Bonn|small|large|free|paid)\b", said)


def test_a_training_that_fails_is_logged_by_its_code(tmp_path: Path, heard: Heard):
    """What ended it and in which step is a warning, without the words of the error."""
    database = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    fill(database, rows=1)
    with pytest.raises(Exception, match="row"):
        train(define(), database=database, registry=Registry(f"sqlite:///{tmp_path / 'registry.db'}"))
    database.dispose()
    (failed,) = heard.of("training.failed")
    assert (failed.levelname, failed.model, failed.error) == ("WARNING", "churn", "no_data")
    assert not heard.of("training.ended")


def test_what_was_rolled_back_in_the_database_is_not_logged(tmp_path: Path, heard: Heard):
    """A move that the registry refuses is no event."""
    registry = Registry(f"sqlite:///{tmp_path / 'registry.db'}")
    registry.publish(make_artifact())
    heard.records.clear()
    with pytest.raises(Exception, match="serves"):
        registry.delete("churn", 1)
    assert heard.records == []


def test_to_predict_logs_nothing(tmp_path: Path, heard: Heard):
    """One row, many rows and a refresh that finds nothing new: no record, even where everything is asked for."""
    registry = Registry(f"sqlite:///{tmp_path / 'registry.db'}")
    registry.publish(make_artifact(inputs=(AGE,)))
    engine = load("churn", registry=registry, refresh=None)
    (loaded,) = heard.of("serving.loaded")
    assert (loaded.model, loaded.version, loaded.scorer) == ("churn", 1, "native")
    heard.records.clear()
    for age in range(50):
        engine.predict({"age": age})
    engine.predict_many([{"age": age} for age in range(1000)])
    engine.refresh()
    assert heard.records == []


def test_what_happens_to_an_engine_that_follows_is_logged(tmp_path: Path, heard: Heard):
    """A swap is told once; a version that cannot be served here is one warning, and its end is told too."""
    definition = define(None, age="age")
    registry = Registry(f"sqlite:///{tmp_path / 'registry.db'}")

    def artifact(bias: float, columns: str = columns_fingerprint(definition)) -> object:
        return make_artifact(inputs=(AGE,), output="leaves", bias=bias, fingerprints=Fingerprints(columns=columns))

    registry.publish(artifact(0.0))
    engine = definition.load(registry=registry, refresh=0.02)
    registry.publish(artifact(1.0))
    until(lambda: heard.of("serving.swapped"))
    (swapped,) = heard.of("serving.swapped")
    assert (swapped.model, swapped.version, swapped.before, swapped.position) == ("churn", 2, 1, 2)
    registry.publish(artifact(2.0, "0" * 64))
    until(lambda: heard.of("serving.refused"))
    time.sleep(0.2)
    (refused,) = heard.of("serving.refused")
    assert (refused.levelname, refused.version, engine.version) == ("WARNING", 2, 2)
    with pytest.raises(SchemaDriftError):
        engine.refresh()
    registry.rollback("churn")
    until(lambda: heard.of("serving.reachable"))
    engine.close()
    assert len(heard.of("serving.refused")) == 1


def test_a_registry_that_is_gone_is_logged_once(tmp_path: Path, heard: Heard):
    """While it cannot be read there is one warning however often it is asked, and one record when it answers again."""
    file = tmp_path / "registry.db"
    registry = Registry(f"sqlite:///{file}")
    registry.publish(make_artifact())
    engine = load("churn", registry=registry, refresh=0.02)
    kept, broken = tmp_path / "kept.db", tmp_path / "broken.db"
    kept.write_bytes(file.read_bytes())
    broken.write_bytes(b"no database" * 500)
    for end in ("-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)
    broken.replace(file)
    until(lambda: heard.of("serving.unreachable"))
    time.sleep(0.2)
    assert len(heard.of("serving.unreachable")) == 1
    kept.replace(file)
    until(lambda: heard.of("serving.reachable"))
    engine.close()
    assert engine.version == 1


def test_the_command_line_writes_its_log_beside_its_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With --log-level and --log-format stdout is still one JSON document, each line on stderr is an object, and nothing stays behind."""
    alone(tmp_path, monkeypatch)
    Registry("sqlite:///.prisml/registry.db").publish(make_artifact())
    shown = prisml_with("--log-level", "debug", "--log-format", "json", "versions", "churn", "--json")
    assert json.loads(shown.stdout)["ok"] is True
    lines = [json.loads(line) for line in shown.stderr.splitlines()]
    assert [(line["event"], line["command"]) for line in lines] == [("cli.begun", "versions"), ("cli.ended", "versions")]
    assert lines[-1]["exit_code"] == 0
    logger = logging.getLogger("prisml")
    assert ([type(each) for each in logger.handlers], logger.level) == ([logging.NullHandler], logging.NOTSET)
    assert "INFO" not in prisml_with("versions", "churn").stderr


def test_the_level_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """PRISML_LOG_LEVEL is as good as the option, which has the last word, in capitals too; what is no level is wrong usage."""
    alone(tmp_path, monkeypatch)
    Registry("sqlite:///.prisml/registry.db").publish(make_artifact())
    monkeypatch.setenv("PRISML_LOG_LEVEL", "info")
    line = prisml_with("versions").stderr.splitlines()[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO prisml\.cli: prisml versions begins", line)
    monkeypatch.setenv("PRISML_LOG_LEVEL", "INFO")
    assert prisml_with("versions").stderr.count(" INFO ") == 2
    assert prisml_with("--log-level", "error", "versions").stderr == ""
    assert prisml_with("--log-level", "loud", "versions").exit_code == 2


def test_an_error_of_predict_is_a_line_behind_the_option_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The word after --log-level is not taken for the command, whose answers are lines."""
    alone(tmp_path, monkeypatch)
    shown = prisml_with("--log-level", "info", "predict", "churn", "--json", given="{}\n")
    assert json.loads(shown.stdout)["error"]["code"] == "model_not_found"
    assert shown.stdout.count("\n") == 1


def test_a_password_is_in_no_line(tmp_path: Path):
    """Where the database cannot be reached, the log of everything shows no part of the URL's password, nor any statement's values."""
    folder = shop(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}")
    url = f"postgresql+psycopg://ada:{SECRET}@127.0.0.1:1/shop?application_name={SECRET}"
    shown = run(folder, "--log-level", "debug", "train", "--json", DATABASE_URL=url, PRISML_REGISTRY=url)
    assert shown.returncode == 3
    assert SECRET not in shown.stdout + shown.stderr
    assert "prisml train ends with 3" in shown.stderr
