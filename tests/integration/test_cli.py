"""The command line as people and pipelines run it: ``python -m prisml`` in a folder of their own, against real databases."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.support.console import digests, documents, environment, run, shop


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop on SQLite whose churn has been trained once."""
    folder = tmp_path_factory.mktemp("shop")
    done = run(shop(folder, f"sqlite:///{folder}/shop.db"), "train")
    assert done.returncode == 0, done.stderr
    return folder


def test_train_check_and_predict_on_every_database(tmp_path: Path, database_url: str):
    """On SQLite, PostgreSQL and MariaDB the definition is checked, trained, listed, and predicts rows of the database by their key."""
    folder = shop(tmp_path, database_url)
    assert run(folder, "check").returncode == 0
    trained = run(folder, "train")
    assert (trained.returncode, trained.stderr) == (0, "")
    for shown in ("400 read: 320 to train, 80 held out", "parity", "0 label flips", "accuracy", ">= 0.5", "yes", "it serves now"):
        assert shown in trained.stdout
    ((number, digest, active),) = digests(folder)
    assert (number, active) == (1, True)
    assert digest in trained.stdout
    predicted = documents(run(folder, "predict", "--model", "shop.py:churn", "--where", "country LIKE 'U%' AND id < 30"))
    assert [document["key"] for document in predicted] == [{"id": each} for each in range(3, 30, 3)]
    assert {document["version"] for document in predicted} == {1}
    assert all(document["label"] == (document["value"] > 0.5) for document in predicted)


def test_the_same_data_is_the_same_version(trained: Path):
    """Training again on the same rows publishes nothing new, and says so."""
    before = digests(trained)
    again = run(trained, "train", "shop.py:churn", "--json")
    document = json.loads(again.stdout)
    assert again.returncode == 0
    assert (document["models"][0]["already_published"], document["models"][0]["version"]) == (True, 1)
    assert digests(trained) == before


def test_a_failed_gate_is_1_and_publishes_nothing(trained: Path):
    """A gate that is not passed: exit code 1, its line in the table, the registry as before, and what serves is said."""
    before = digests(trained)
    failed = run(trained, "train", SHOP_GATE="0.999")
    assert failed.returncode == 1
    assert re.search(r"accuracy\s+│ >= 0.999 │ 0\.\d+ │\s+0\.\d+ to [01]\.\d+ │ NO", failed.stdout)
    assert failed.stderr.startswith("error[quality_gate]: 'churn' did not pass 1 of its 1 gates: accuracy. Nothing was published.")
    assert "Version 1 stays active." in failed.stderr
    assert digests(trained) == before


SERVER = """
import json
import sys

import prisml

engine = prisml.load("churn", registry="sqlite:///.prisml/registry.db")
for line in sys.stdin:
    answer = engine.predict(json.loads(line))
    print(json.dumps([answer.value, answer.version]), flush=True)
"""


def test_a_failed_gate_changes_nothing_in_a_process_that_serves(trained: Path):
    """Another process goes on giving the old version's predictions after a gate failed, and ``prisml versions`` shows what it showed."""
    row = json.dumps({"age": 30.5, "country": "US", "month": 1, "domain": "a.org"}) + "\n"
    before = run(trained, "versions", "churn", "--json").stdout
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(
        command, cwd=trained, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as serving:
        assert serving.stdin is not None
        assert serving.stdout is not None
        serving.stdin.write(row)
        first = json.loads(serving.stdout.readline())
        assert run(trained, "train", SHOP_GATE="0.999").returncode == 1
        serving.stdin.write(row)
        assert json.loads(serving.stdout.readline()) == first
        serving.stdin.close()
    assert first[1] == 1
    assert run(trained, "versions", "churn", "--json").stdout == before


def test_the_verdict_is_json_whatever_the_code_prints(trained: Path):
    """With --json stdout is one document with the whole verdict, also where a resolver prints and a gate fails."""
    failed = run(trained, "train", "--json", SHOP_GATE="0.999", SHOP_LOUD="1")
    document = json.loads(failed.stdout)
    (model,) = document["models"]
    assert (failed.returncode, document["ok"], document["exit_code"]) == (1, False, 1)
    assert (model["status"], model["version"], model["active"], model["error"]["code"]) == ("gate_failed", None, 1, "quality_gate")
    (gate,) = model["gates"]
    assert (gate["metric"], gate["passed"], gate["got"]) == ("accuracy", False, model["metrics"]["accuracy"])
    assert {name: count for name, count in model["rows"].items() if count} == {"extracted": 400, "train": 320, "test": 80}
    assert model["parity"]["label_flips"] == 0
    assert model["baseline"]["accuracy"] > 0
    assert len(model["digest"]) == 64
    assert "a resolver prints" in failed.stderr


def test_several_models_do_not_stop_each_other(tmp_path: Path):
    """A module that is broken and a gate that fails do not keep another model from being published; the highest code is returned."""
    folder = shop(tmp_path, f"sqlite:///{tmp_path}/shop.db")
    (folder / "broken.py").write_text("import shop\n\nshop.nothing\n")
    done = run(folder, "train", "broken.py", "shop.py", "--no-activate", SHOP_GATE="0.999")
    assert done.returncode == 2
    assert "broken.py, line 3: AttributeError" in done.stderr
    assert "error[quality_gate]: 'churn'" in done.stderr
    assert "Version 1 of other is published; no version serves yet" in done.stdout
    assert [(number, active) for number, _, active in digests(folder, "other")] == [(1, False)]
    quiet = run(folder, "train", "shop.py:other", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert [(number, active) for number, _, active in digests(folder, "other")] == [(1, True)]


CRASHING = """
import json

from sqlalchemy import Engine, event
from sqlalchemy.orm import Mapped, mapped_column

import shop
from prisml import define_model


class Ghost(shop.Base):
    __tablename__ = "ghost"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[float]
    left: Mapped[bool]


@event.listens_for(Engine, "before_cursor_execute")
def guard(connection, cursor, statement, parameters, context, executemany):
    if "ghost" in statement:
        json.loads("s3cret")


ghost = define_model(Ghost, output="risk", label=Ghost.left, features={"age": Ghost.age})
"""


@pytest.mark.parametrize("command", ["train", "check"])
def test_a_crash_in_one_model_does_not_stop_the_others(tmp_path: Path, command: str):
    """What nobody foresaw is a bug of that model alone, at the line of the user's that led to it, and the verdict holds all models."""
    folder = shop(tmp_path, f"sqlite:///{tmp_path}/shop.db")
    (folder / "crashing.py").write_text(CRASHING)
    done = run(folder, command, "crashing.py", "shop.py:other", "--json")
    document = json.loads(done.stdout)
    crashed, other = document["models"]
    assert (done.returncode, document["ok"], document["exit_code"]) == (2, False, 2)
    assert (crashed["model"], crashed["error"]["code"]) == ("ghost", "bug")
    line = CRASHING.splitlines().index('        json.loads("s3cret")') + 1
    assert crashed["error"]["message"].startswith(f"JSONDecodeError at crashing.py, line {line}: ")
    assert other["model"] == "other"
    assert "error" not in other
    assert "s3cret" not in done.stdout + done.stderr
    assert other["version"] == 1 if command == "train" else other["passed"]
    told = run(folder, command, "crashing.py", "shop.py:other", "--debug")
    assert (told.returncode, "Traceback" in told.stderr) == (2, True)


def test_a_database_that_does_not_fit_is_1_before_anything_is_read(trained: Path, tmp_path: Path):
    """The check comes first: a column that is missing ends the training with 1 and its finding."""
    engine = create_engine(f"sqlite:///{tmp_path}/other.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE customer (id INTEGER PRIMARY KEY, age FLOAT, country TEXT, joined DATE, churned BOOLEAN)"))
    engine.dispose()
    done = run(trained, "train", "--database", f"sqlite:///{tmp_path}/other.db")
    assert done.returncode == 1
    assert "column customer.email" in done.stdout
    assert "does not exist" in done.stdout
    assert "nothing was trained, version 1 stays active" in done.stdout


@pytest.mark.parametrize("words", [["train"], ["check"], ["predict", "--model", "shop.py:churn", "--where", "1=1"]])
def test_a_database_that_does_not_answer_is_3(trained: Path, words: list[str]):
    """Where nobody answers, every command that reads the database ends with 3, and shows no password."""
    done = run(trained, *words, "--database", "postgresql+psycopg://ada:s3cret@127.0.0.1:1/shop")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error[database_connection]: ")
    assert "s3cret" not in done.stderr


def test_a_row_of_the_database_and_its_json_are_predicted_alike(trained: Path):
    """A row read by --where and the same row as a JSON line give the same value, resolver and date included."""
    by_key = documents(run(trained, "predict", "--model", "shop.py:churn", "--where", "id IN (3, 7)"))
    rows = [
        {"age": 21.5, "country": "US", "joined": "2023-01-04", "email": "3@a.org"},
        {"age": None, "country": "DE", "joined": "2022-01-08", "email": "7@a.org"},
    ]
    by_line = documents(run(trained, "predict", "churn", "--model", "shop.py:churn", given="\n".join(map(json.dumps, rows))))
    assert [document["value"] for document in by_key] == [document["value"] for document in by_line]
    assert len(by_key) == 2


@pytest.mark.parametrize("condition", ["contry = 'US'", "country = 'US", "s3cret("])
def test_a_condition_that_the_database_refuses_is_2(trained: Path, condition: str):
    """A --where that is no SQL, or names a column that is not there, ends with 2, and is not repeated."""
    done = run(trained, "predict", "--model", "shop.py:churn", "--where", condition)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error[configuration]: The database refuses the --where condition: OperationalError.")
    assert "s3cret" not in done.stderr


def test_percent_colon_and_comment_in_a_condition_mean_what_sql_means(trained: Path):
    """No character of the condition is taken for a parameter of the driver or of SQLAlchemy."""
    done = run(
        trained, "predict", "--model", "shop.py:churn", "--where", "email LIKE '1%@a.org' AND ':id' = ':id' AND '%s' = '%s' AND id < 20"
    )
    assert [document["key"] for document in documents(done)] == [{"id": number} for number in (1, 11, 13, 15, 17, 19)]


def test_whoever_stops_reading_hears_no_complaint(trained: Path):
    """``prisml predict ... | head -1`` ends in silence."""
    lines = '{"age": 1, "country": "US", "joined": "2023-01-04", "domain": "a.org"}\n' * 20_000
    (trained / "rows.jsonl").write_text(lines)
    command = [sys.executable, "-m", "prisml", "predict", "churn", "rows.jsonl"]
    with subprocess.Popen(command, cwd=trained, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        assert json.loads(started.stdout.readline())["version"] == 1
        started.stdout.close()
        assert started.stderr.read() == b""
    assert started.returncode == 141


def test_an_interruption_is_130_and_says_what_was_done(trained: Path):
    """Ctrl-C in the middle of a training: exit code 130, what is not published and not begun is said, and the registry is as before."""
    before, marker = digests(trained), trained / "slow"
    command = [sys.executable, "-m", "prisml", "train", "shop.py"]
    with subprocess.Popen(
        command,
        cwd=trained,
        env=environment(SHOP_SLOW=str(marker)),
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores Ctrl-C, and what it starts inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as started:
        deadline = time.monotonic() + 60
        while not marker.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        try:
            _, shown = started.communicate(timeout=60)
        finally:
            started.kill()
    assert started.returncode == 130
    assert "Interrupted." in shown
    assert "churn: stopped during 'check', nothing published, what served before serves on" in shown
    assert "other: not begun" in shown
    assert "Traceback" not in shown
    assert digests(trained) == before


def test_bars_are_drawn_in_a_terminal_only(trained: Path):
    """A terminal on stderr sees a bar for each long step, without colours where NO_COLOR is set; a pipe sees none."""
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "prisml", "train"]
    variables = environment(TERM="xterm", NO_COLOR="1", COLUMNS="100")
    with subprocess.Popen(command, cwd=trained, env=variables, stdout=subprocess.DEVNULL, stderr=terminal) as started:
        os.close(terminal)
        shown = _read(screen)
    os.close(screen)
    assert started.returncode == 0
    for step in ("check", "extract", "split", "fit", "evaluate", "export", "parity", "publish"):
        assert step in shown
    assert "400/400 rows" in shown
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown)
    assert run(trained, "train").stderr == ""


def test_predictions_that_go_to_a_file_are_counted_in_the_terminal(trained: Path):
    """With stdout in a file, a bar on stderr counts the rows of how many, from lines and from the database; in a pipe there is none."""
    rows = "".join('{"age": 41.0, "country": "US", "joined": "2024-01-02", "email": "a@a.org"}\n' for _ in range(250))
    (trained / "many.jsonl").write_text(rows)
    words = ["--model", "shop.py:churn"]
    for source, wanted in ((["many.jsonl"], "250/250 rows"), (["--where", "age > 50"], "rows")):
        screen, terminal = pty.openpty()
        command = [sys.executable, "-m", "prisml", "predict", *words, *source]
        with (trained / "answers").open("wb") as file:
            variables = environment(TERM="xterm", COLUMNS="100")
            with subprocess.Popen(command, cwd=trained, env=variables, stdout=file, stderr=terminal) as started:
                os.close(terminal)
                shown = _read(screen)
        os.close(screen)
        assert started.returncode == 0, shown
        written = len((trained / "answers").read_text().splitlines())
        assert f"{written}/{written} {wanted.split()[-1]}" in shown
        assert run(trained, "predict", *words, *source).stderr == ""


def _read(screen: int) -> str:
    """All that was written to the terminal until it was closed."""
    parts = []
    while select.select([screen], [], [], 120)[0]:
        try:
            part = os.read(screen, 65536)
        except OSError:
            # Linux says so where the last writer has gone.
            break
        parts.append(part)
    return b"".join(parts).decode()
