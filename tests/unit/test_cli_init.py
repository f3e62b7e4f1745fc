"""``prisml init``: what it asks, what it writes, and that it writes nothing where anything is wrong."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from prisml.commands.init.look import looking
from prisml.commands.init.plan import EXAMPLE
from tests.docs.blocks import ROOT, read
from tests.docs.console import afresh
from tests.support.console import alone, answer, environment
from tests.support.console import prisml_with as run
from tests.support.console import run as in_process

MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    churned: Mapped[bool]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An empty folder that is the current one; what is imported from it is forgotten."""
    path = list(sys.path)
    with afresh(alone(tmp_path, monkeypatch)):
        yield tmp_path
    sys.path[:] = path


@pytest.fixture
def shop(folder: Path) -> Path:
    """A package with one mapped class, a pyproject.toml with a comment, and a git repository's .gitignore."""
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "models.py").write_text(MODELS)
    (folder / "pyproject.toml").write_text("[project]\nname = 'shop'  # ours\n")
    (folder / ".gitignore").write_text("*.pyc\n")
    return folder


def files(folder: Path) -> dict[str, str]:
    """Every file with its text."""
    found = (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(folder).as_posix(): file.read_text() for file in found}


def test_a_definition_comes_beside_the_models(shop: Path):
    """The definition, its test, the settings and the ignored folder are written; the next commands are told; nothing else changes."""
    before = files(shop)
    shown = run("init", "--yes")
    assert shown.exit_code == 0, shown.output
    after = files(shop)
    assert set(after) - set(before) == {"shop/ml.py", "test_churned.py"}
    assert after["shop/models.py"] == before["shop/models.py"]
    assert after["pyproject.toml"].startswith("[project]\nname = 'shop'  # ours\n")
    assert tomllib.loads(after["pyproject.toml"])["tool"]["prisml"] == {"models": ["shop.ml"]}
    assert after[".gitignore"] == "*.pyc\n.prisml/\n"
    assert "Next:\n  prisml check\n  prisml train\n" in shown.stdout
    assert "DATABASE_URL" in shown.stdout


def test_a_dry_run_shows_and_writes_nothing(shop: Path):
    """--dry-run shows the definition and the names of the files, and the folder is as it was."""
    before = files(shop)
    shown = run("init", "shop/models.py", "--dry-run")
    assert shown.exit_code == 0
    assert "would write shop/ml.py" in shown.stdout
    assert "would add to pyproject.toml" in shown.stdout
    assert "define_model(" in shown.stdout
    assert files(shop) == before


def test_json_says_all_of_it(shop: Path):
    """--json lists what was chosen, what was left out and why, and each file with its text."""
    document = answer(run("init", "shop.models", "--json"))
    assert (document["model"], document["entity"], document["label"]) == ("churned", "Customer", "churned")
    assert document["features"] == ["age"]
    assert document["left_out"] == [{"name": "id", "why": "the primary key"}]
    assert {Path(each["file"]).name: each["text"] for each in document["files"]}["ml.py"] == (shop / "shop" / "ml.py").read_text()


def test_nobody_is_imported_or_asked_without_a_terminal(shop: Path):
    """Where nobody can be asked it refuses with 2, says which options answer, and has imported nothing."""
    (shop / "shop" / "models.py").write_text(MODELS + "\nraise SystemExit\n")
    shown = run("init")
    assert shown.exit_code == 2
    assert "--yes" in shown.output
    assert "shop.models" not in sys.modules


@pytest.mark.parametrize("name", ["shop/ml.py", "test_churned.py"])
def test_no_file_is_overwritten(shop: Path, name: str):
    """A file that is in the way is an error, and none of the others is written."""
    (shop / name).write_text("mine")
    before = files(shop)
    shown = run("init", "--yes")
    assert shown.exit_code == 2
    assert "not overwritten" in shown.output
    assert files(shop) == before


def test_settings_that_are_there_stay(shop: Path):
    """A table that somebody wrote is left as it is, and what to add to it is said."""
    (shop / "pyproject.toml").write_text("[tool.prisml]\nmodels = ['other']\n")
    shown = run("init", "--yes", "--to", "shop/fields.py")
    assert shown.exit_code == 0
    assert 'Add "shop.fields" to models' in shown.stdout
    assert "prisml train shop.fields" in shown.stdout
    assert (shop / "pyproject.toml").read_text() == "[tool.prisml]\nmodels = ['other']\n"


def test_a_table_without_a_database_is_told_of_it(shop: Path):
    """Where the settings that somebody wrote name no database and the code does, what to add is said."""
    (shop / "pyproject.toml").write_text("[tool.prisml]\nmodels = ['shop.ml']\n")
    (shop / "shop" / "db.py").write_text("URL = 'sqlite:///shop.db'\n")
    assert answer(run("init", "--yes", "--json"))["by_hand"] == ['Add database = "sqlite:///shop.db" to [tool.prisml] in pyproject.toml.']


def test_what_is_no_definition_is_not_left_behind(shop: Path, monkeypatch: pytest.MonkeyPatch):
    """Where the written definition is refused, every file is as it was before."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    before = files(shop)
    shown = run("init", "--yes", "--output", "age", "--to", "made/age.py")
    assert shown.exit_code == 2
    assert "is an attribute of Customer already" in shown.output
    assert files(shop) == before
    assert not (shop / "made").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--entity", "Order"], "--entity Customer"),
        (["--label", "absent"], "What can be one: churned"),
        (["absent.py"], "no file absent.py"),
        (["absent"], "no module absent"),
        (["shop"], "no class that SQLAlchemy maps"),
        (["--output", "a b"], "no name"),
        (["--output", "class"], "no name"),
        (["--to", "../fields.py"], "outside of the current folder"),
        (["--to", "my-fields.py"], "no file that Python can import"),
        (["--to", "fields.txt"], "no file that Python can import"),
        (["."], "Leave the target out"),
        ([".."], "outside of the current folder"),
        (["--database", "postgresql://me:word@host:a/shop"], "URL cannot be read"),
    ],
)
def test_a_wrong_word_is_told_with_the_way_out(shop: Path, words: list[str], told: str):
    """A class, label, file or name that is none is an error of usage with what could be meant, and nothing is written."""
    before = files(shop)
    shown = run("init", "--yes", *words)
    assert shown.exit_code == 2
    assert told in shown.output
    assert files(shop) == before


def test_a_folder_without_a_mapped_class_says_what_was_read(folder: Path):
    """Where no class is mapped, the number of files that were read is told, and two ways on."""
    (folder / "main.py").write_text("print()\n")
    shown = run("init", "--yes")
    assert shown.exit_code == 2
    assert "1 Python file under" in shown.output
    assert "prisml init --example" in shown.output


def test_a_password_is_not_written(shop: Path, monkeypatch: pytest.MonkeyPatch):
    """A URL with a password is looked at and written nowhere, nor is that of the environment."""
    monkeypatch.setattr("prisml.cli.init.looking", lambda _: looking(None))
    for number, url in enumerate(("postgresql+psycopg://me:s3cret@host/shop", "postgresql+psycopg://me@host/shop?password=s3cret")):
        shown = run("init", "--yes", "--database", url, "--output", f"field_{number}", "--to", f"fields_{number}.py")
        assert shown.exit_code == 0
        assert "may hold a password" in shown.stdout
        assert not any("s3cret" in text for text in files(shop).values())


def test_the_database_is_looked_at(shop: Path):
    """A SQLite file that the code names is counted and written into the settings."""
    (shop / "shop" / "db.py").write_text("URL = 'sqlite:///shop.db'\n")
    engine = create_engine("sqlite:///shop.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE customers (id INTEGER, age INTEGER, churned BOOLEAN)")
        connection.exec_driver_sql("INSERT INTO customers VALUES (1, 2, 3)")
    engine.dispose()
    shown = run("init", "--yes")
    assert "Customer (1 row) gets the field churned_probability" in shown.stdout
    assert tomllib.loads((shop / "pyproject.toml").read_text())["tool"]["prisml"]["database"] == "sqlite:///shop.db"


MORE = """\
    vip: Mapped[bool]


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    big: Mapped[bool]
    size: Mapped[int]
"""


def test_people_are_asked_and_may_say_no(tmp_path: Path):
    """In a terminal it asks whether to import, which class, and what of it; another answer than the guess is taken."""
    (tmp_path / "models.py").write_text(MODELS + MORE)
    code, said = type_to(tmp_path, "n\n")
    assert (code, list(tmp_path.glob("ml.py"))) == (1, [])
    assert "Customer, Order" in said
    code, said = type_to(tmp_path, "\nCustomer\nvip\n")
    assert code == 0, said
    assert "label=Customer.vip" in (tmp_path / "ml.py").read_text()


def type_to(folder: Path, words: str) -> tuple[int, str]:
    """``prisml init`` in a terminal, into which the words are typed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "prisml", "init"],
        cwd=folder,
        env=environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        os.write(ours, words.encode())
        said = process.communicate(timeout=120)[0].decode()
    os.close(ours)
    os.close(theirs)
    return process.returncode, said


def test_an_empty_folder_gets_the_application_of_the_tutorial(folder: Path):
    """The example's tables and script are, word for word, those that the tutorial has its reader write; the test of it passes ruff."""
    shown = run("init", "--yes")
    assert shown.exit_code == 0, shown.output
    written = files(folder)
    page = {block.file: block.text for block in read(ROOT / "docs" / "tutorial.md").blocks if block.file}
    for name in EXAMPLE[1:]:
        assert page[name].partition("\n")[2] == written[name], name
    assert set(written) == {*EXAMPLE, "shop/ml.py", "pyproject.toml", ".gitignore", "test_churn.py"}
    assert "Next:\n  python -m shop.fill\n  prisml check\n" in shown.stdout
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "."]
    for command in (ruff, [*ruff[:3], "format", "--check", *ruff[4:]]):
        judged = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert judged.returncode == 0, judged.stdout + judged.stderr


def test_the_example_goes_where_it_belongs_behind_a_link(tmp_path: Path):
    """Where the folder for temporary files is reached by a link, as on macOS, the definition still comes beside the example's models."""
    for name in ("app", "there"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    shown = in_process(tmp_path / "app", "init", "--example", "--dry-run", TMPDIR=str(tmp_path / "link"))
    assert "would write shop/ml.py" in shown.stdout, shown.stderr


def test_an_example_that_is_in_the_way_is_not_begun(folder: Path):
    """Beside a file of the same name the example writes nothing."""
    (folder / "shop").mkdir()
    (folder / "shop" / "models.py").write_text("mine")
    shown = run("init", "--example")
    assert shown.exit_code == 2
    assert files(folder) == {"shop/models.py": "mine"}
