"""Predictions for JSON lines: order, errors by line, and values that JSON has no type for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml import define_model
from prisml.cli.main import cli
from prisml.commands.predict import predict, read_lines
from prisml.commands.typed import retyping
from prisml.errors import EncodingError
from prisml.extraction.fingerprint import columns_fingerprint
from prisml.manifest import Dtype, Fingerprints, Input, Source
from prisml.registry import Registry, write_bundle
from prisml.serving import Engine
from tests.artifacts import AGE, COUNTRY, MAIL_DOMAIN, expected, make_artifact


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int | None]
    country: Mapped[str | None]
    left: Mapped[bool]


churn = define_model(Customer, output="risk", label=Customer.left, features={"age": Customer.age, "country": Customer.country})
ROWS = [{"age": age, "country": country} for age in (1, 40, None) for country in ("US", "DE", "XX", None)]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the current one, and no setting from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "PRISML_REGISTRY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def bundle(alone: Path) -> str:
    """A folder with a binary model of age and country."""
    return str(write_bundle(make_artifact(), alone / "bundle"))


def run(bundle: str, text: str, *words: str) -> Result:
    """``prisml predict`` with the text on stdin."""
    return CliRunner().invoke(cli, ["predict", bundle, *words], input=text)


def documents(shown: Result) -> list[dict[str, object]]:
    """The lines on stdout, read."""
    return [json.loads(line) for line in shown.stdout.splitlines()]


@pytest.mark.parametrize("batch", ["1", "5", "1000"])
def test_each_line_is_answered_in_order(bundle: str, batch: str):
    """One JSON object a line comes back for each one given, in order, with value, label and version, at any batch size."""
    shown = run(bundle, "".join(json.dumps(row) + "\n" for row in ROWS), "--batch", batch)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert [document["value"] for document in documents(shown)] == pytest.approx([expected(row) for row in ROWS], abs=1e-6)
    assert [document["label"] for document in documents(shown)] == [expected(row) > 0.5 for row in ROWS]
    assert documents(shown)[0].keys() == {"value", "label", "version"}


def test_a_file_is_read_like_stdin(bundle: str, alone: Path):
    """Rows come from a file, from ``-``, or from stdin, with the same answers; empty lines and a byte-order mark are passed over."""
    text = "\n".join(json.dumps(row) for row in ROWS)
    (alone / "rows.jsonl").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n\r\n").encode())
    wanted = run(bundle, text).stdout
    assert run(bundle, text, "-").stdout == wanted
    assert run(bundle, "", "rows.jsonl").stdout == wanted != ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "error[encoding]: Line 2 is not JSON: Expecting property name enclosed in double quotes at column 2."),
        ("[1]", "error[encoding]: Line 2 is no JSON object but a list."),
        ("s3cret", "error[encoding]: Line 2 is not JSON: Expecting value at column 1."),
        ('{"age": ' + "9" * 5000 + "}", "error[encoding]: Line 2 is not JSON that can be read: ValueError."),
        ("[" * 100_000, "error[encoding]: Line 2 is not JSON that can be read: RecursionError."),
        ('{"age": "s3cret", "country": "US"}', "error[encoding]: "),
        ('{"country": "US"}', "error[encoding]: "),
    ],
)
def test_a_bad_line_is_named(bundle: str, line: str, message: str):
    """The first line that fails ends the command with its number and no value; the lines before it were answered."""
    good = json.dumps(ROWS[0])
    shown = run(bundle, f"{good}\n{line}\n{good}\n")
    assert shown.exit_code == 2
    assert len(documents(shown)) == 1
    assert shown.stderr.startswith(message)
    assert "line 2" in shown.stderr.lower()
    assert "s3cret" not in shown.stderr


@pytest.mark.parametrize(
    ("words", "text", "answered", "code"),
    [
        (["--json"], json.dumps(ROWS[0]) + "\n{\n", 1, "encoding"),
        (["--on-error", "skip", "--json"], "", 0, "usage"),
        (["--version", "3", "--json"], "", 0, "model_not_found"),
    ],
)
def test_an_error_is_one_line_of_json_too(bundle: str, words: list[str], text: str, answered: int, code: str):
    """With --json whatever ends the command, wrong usage too, is the last line on stdout, one JSON document like the others."""
    shown = run("absent" if code == "model_not_found" else bundle, text, *words)
    *answers, last = documents(shown)
    assert (len(answers), last["ok"], last["exit_code"]) == (answered, False, shown.exit_code)
    assert shown.exit_code != 0
    assert isinstance(last["error"], dict)
    assert last["error"]["code"] == code
    assert shown.stderr


def test_json_changes_nothing_where_all_is_well(bundle: str):
    """Answers are lines of JSON with --json and without."""
    text = json.dumps(ROWS[0])
    assert run(bundle, text, "--json").stdout == run(bundle, text).stdout != ""


def test_a_bad_line_is_answered_by_null(bundle: str):
    """With --on-error null every line is answered, a bad one by null and its error, and the exit code is 0."""
    lines = [json.dumps(ROWS[0]), "{", '{"age": "x", "country": "US"}', "", json.dumps(ROWS[1])]
    shown = run(bundle, "\n".join(lines), "--on-error", "null", "--batch", "2")
    first, broken, wrong, last = documents(shown)
    assert shown.exit_code == 0
    assert (first["value"], last["value"]) == pytest.approx((expected(ROWS[0]), expected(ROWS[1])), abs=1e-6)
    for document, line in ((broken, 2), (wrong, 3)):
        assert (document["value"], document["label"]) == (None, None)
        error = document["error"]
        assert isinstance(error, dict)
        assert (error["code"], error["context"]["line"]) == ("encoding", line)


def test_every_class_has_its_probability(alone: Path):
    """Of several classes the value is the label, and each class's probability stands beside it."""
    bundle = str(write_bundle(make_artifact(task="multiclass"), alone / "bundle"))
    (document,) = documents(run(bundle, json.dumps(ROWS[0])))
    assert document["value"] == document["label"] in ("low", "mid", "high")
    probabilities = document["probabilities"]
    assert isinstance(probabilities, dict)
    assert sum(probabilities.values()) == pytest.approx(1)
    assert max(probabilities, key=probabilities.__getitem__) == document["value"]


def test_a_regression_has_no_label(alone: Path):
    """The value of a regression is the number, and its label is null."""
    bundle = str(write_bundle(make_artifact(task="regression"), alone / "bundle"))
    (document,) = documents(run(bundle, '{"age": 32, "country": "US"}'))
    assert document == {"value": 1.0, "label": None, "version": None}


@pytest.mark.parametrize("words", [["rows.jsonl"], ["-"], [], ["churn", "rows.jsonl"], ["churn"]])
def test_beside_a_definition_one_word_may_be_the_file(alone: Path, words: list[str]):
    """With --model the model has its name already, and a single word that is a file or ``-`` is where the rows are."""
    prints = Fingerprints(columns=columns_fingerprint(churn))
    url = f"sqlite:///{alone}/registry.db"
    Registry(url).publish(make_artifact(fingerprints=prints, output="risk"))
    text = json.dumps(ROWS[0])
    (alone / "rows.jsonl").write_text(text)
    target = ["predict", "--registry", url, "--model", f"{__file__}:churn"]
    given = "" if "rows.jsonl" in words else text
    (document,) = documents(CliRunner().invoke(cli, [*target, *words], input=given))
    assert document["value"] == pytest.approx(expected(ROWS[0]), abs=1e-6)
    if len(words) == 1 and words != ["churn"]:
        refused = CliRunner().invoke(cli, [*target, *words, "--where", "age > 3"])
        assert (refused.exit_code, "no file is read" in refused.stderr) == (2, True)


def test_the_version_that_predicts_can_be_named(alone: Path):
    """A model of the registry is predicted by its active version, or by the one that --version names."""
    registry = Registry(f"sqlite:///{alone}/registry.db")
    for bias in (0.0, 3.0):
        registry.publish(make_artifact(bias=bias))
    words = ["predict", "churn", "--registry", f"sqlite:///{alone}/registry.db"]
    row = json.dumps(ROWS[0])
    active, named = (documents(CliRunner().invoke(cli, [*words, *more], input=row))[0] for more in ([], ["--version", "1"]))
    assert (active["version"], named["version"]) == (2, 1)
    assert named["value"] == pytest.approx(expected(ROWS[0]), abs=1e-6)
    assert active["value"] == pytest.approx(expected(ROWS[0], bias=3.0), abs=1e-6)


def test_a_resolver_feature_is_asked_for(alone: Path):
    """Without the definition a row must give what a resolver would compute; the error says so and names the line."""
    bundle = str(write_bundle(make_artifact(inputs=(AGE, MAIL_DOMAIN)), alone / "bundle"))
    shown = run(bundle, '{"age": 1, "mail_domain": "a.org"}\n{"age": 1}\n')
    assert shown.exit_code == 2
    assert len(documents(shown)) == 1
    assert "mail_domain" in shown.stderr
    assert "line 2" in shown.stderr.lower()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Name a model or a bundle's folder"),
        (["churn", "--where", "age > 3"], "--where needs the definition"),
        (["churn", "-", "--model", "shop:churn", "--where", "age > 3"], "no file is read"),
        (["churn", "absent.jsonl"], "absent.jsonl"),
        (["churn", "--on-error", "skip"], "'raise', 'null'"),
    ],
)
def test_wrong_usage_says_what_is_missing(words: list[str], message: str):
    """A call that cannot work ends with 2 and says what to add."""
    shown = CliRunner().invoke(cli, ["predict", *words])
    assert shown.exit_code == 2
    assert message in shown.stderr


def test_rows_are_read_only_as_far_as_they_are_predicted():
    """A stream of unknown length is predicted while it comes: the first answers are there before the last rows are read."""
    read = []

    def lines() -> Iterator[bytes]:
        for number in range(100):
            read.append(number)
            yield json.dumps(ROWS[0]).encode()

    engine = Engine.from_artifact(make_artifact())
    answers = predict(engine, read_lines(lines(), dict), batch=10)
    next(answers)
    assert len(read) <= 11
    assert len(list(answers)) == 99


def read_as(dtype: Dtype, *path: str) -> Input:
    """An input that reads one column of that type."""
    return Input(name="f", kind="number", origin="column", dtype="float", sources=(Source(path=path, dtype=dtype),))


def retyped(read: Input, row: dict[str, object]) -> object:
    """The row as a model with this one input takes it from JSON."""
    manifest = make_artifact(inputs=(AGE, COUNTRY)).manifest.model_copy(update={"inputs": (read,)})
    return retyping(manifest)(row)


@given(st.dates())
def test_a_date_comes_back_from_its_text(value: date):
    """Every date in ISO 8601 is read as that date, where the model's column is a date."""
    assert retyped(read_as("date", "day"), {"day": value.isoformat(), "other": value.isoformat()}) == {
        "day": value,
        "other": value.isoformat(),
    }


@given(st.datetimes(timezones=st.just(UTC) | st.none()))
def test_a_moment_comes_back_from_its_text(value: datetime):
    """Every moment in ISO 8601, with an offset or without, is read as that moment, also behind a relationship."""
    row = {"flight": {"at": value.isoformat(), "gate": "A"}}
    assert retyped(read_as("datetime", "flight", "at"), row) == {"flight": {"at": value, "gate": "A"}}
    assert row["flight"]["at"] == value.isoformat()


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_comes_back_from_its_text(value: Decimal):
    """A decimal given as text, as many APIs do, is read exactly."""
    assert retyped(read_as("decimal", "price"), {"price": str(value)}) == {"price": value}


@pytest.mark.parametrize("row", [{}, {"flight": None}, {"flight": "x"}, {"flight": {}}, {"flight": {"at": 3}}, {"flight": {"at": None}}])
def test_what_is_no_text_is_left_to_the_encoder(row: dict[str, object]):
    """A value that is absent, null or of another type is not touched: the encoder judges it."""
    assert retyped(read_as("datetime", "flight", "at"), row) == row


def test_a_text_that_is_no_date_is_refused_by_name():
    """A text that cannot be read names the column and the form it takes, and not the text."""
    with pytest.raises(EncodingError, match=r"'flight\.at' is a text") as caught:
        retyped(read_as("datetime", "flight", "at"), {"flight": {"at": "s3cret"}})
    assert "s3cret" not in str(caught.value)
    assert "ISO 8601" in str(caught.value)
