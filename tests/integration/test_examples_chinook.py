"""The example on somebody else's tables: how little is written for it, and that it works on declared and on reflected classes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

import prisml
from examples.chinook.create import DATABASE, create
from examples.chinook.models import Base
from tests.support.examples import ROOT, is_typed, printed, run

README = ROOT / "examples" / "chinook" / "README.md"

FIELD = README.with_name("ml.py")
CUSTOMERS = 300

# The public schema, for the tables that are read: https://github.com/lerocha/chinook-database.
PUBLIC = {
    "Customer": "CustomerId FirstName LastName Company Address City State Country PostalCode Phone Fax Email SupportRepId",
    "Invoice": "InvoiceId CustomerId InvoiceDate BillingAddress BillingCity BillingState BillingCountry BillingPostalCode Total",
    "InvoiceLine": "InvoiceLineId InvoiceId TrackId UnitPrice Quantity",
    "Track": "TrackId Name AlbumId MediaTypeId GenreId Composer Milliseconds Bytes UnitPrice",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nothing was but what the demo made."""
    return tmp_path_factory.mktemp("chinook")


@pytest.fixture(scope="module")
def shown(folder: Path) -> str:
    """What the demo prints, of fewer customers."""
    return run(["python", "-m", "examples.chinook.demo", str(CUSTOMERS)], folder)


def test_field_takes_less_than_thirty_lines() -> None:
    """All that the owner writes, imports included, is less than 30 lines that are neither blank nor a comment."""
    lines = [line.strip() for line in FIELD.read_text(encoding="utf-8").splitlines()]
    assert sum(bool(line) and not line.startswith("#") for line in lines) < 30


def test_application_knows_nothing_of_prisml() -> None:
    """No other file of the application imports PrisML: the field is all that was added."""
    others = [FIELD.with_name(name) for name in ("models.py", "reflected.py", "create.py")]
    assert not [file.name for file in others if "import prisml" in (text := file.read_text(encoding="utf-8")) or "from prisml" in text]


def test_demo_types_the_commands_of_the_readme(shown: str) -> None:
    """Each command of ``prisml`` in the README is one that the demo typed, and what it says to start with Python is there."""
    commands = printed(README)
    assert len(commands) > 2
    assert [command for command in commands if not is_typed(command, shown)] == []


def test_demo_names_customers(shown: str) -> None:
    """The demo ends with a list of customers who were silent for half a year, and predicted each customer."""
    assert "P(buys in the 90 days to come)" in shown
    assert f"{CUSTOMERS} customers, with their SQL" in shown


def test_tables_have_the_public_names(shown: str, folder: Path) -> None:
    """Tables and columns are called as in the public schema."""
    engine = create_engine(DATABASE.replace(":///", f":///{folder}/"))
    found = inspect(engine)
    assert len(found.get_table_names()) == len(Base.metadata.tables) == 11
    assert all([column["name"] for column in found.get_columns(table)] == names.split() for table, names in PUBLIC.items())
    engine.dispose()


def test_reflected_classes_train_the_same_graph(shown: str, folder: Path) -> None:
    """The field over classes that automap made of the database is, bit for bit, the graph of the declared ones."""
    text = FIELD.read_text(encoding="utf-8")
    assert "examples.chinook.models" in text
    (folder / "automapped.py").write_text(text.replace("examples.chinook.models", "examples.chinook.reflected"), encoding="utf-8")
    run(["prisml", "train", "automapped.py", "--database", DATABASE], folder)
    registry = prisml.Registry(f"sqlite:///{folder / '.prisml' / 'registry.db'}")
    assert registry.active("buys_again").number == 2
    declared, reflected = (registry.artifact("buys_again", number) for number in (1, 2))
    assert declared.onnx == reflected.onnx
    assert declared.manifest.metrics == reflected.manifest.metrics


def test_creating_again_gives_the_same_rows(sqlite_url: str) -> None:
    """Creating twice leaves each row once, and the seed makes them the same."""
    engine = create_engine(sqlite_url)
    first = create(engine, customers=40)
    with engine.connect() as connection:
        table = Base.metadata.tables["Invoice"]
        before = connection.execute(table.select().order_by(table.c.InvoiceId)).all()
    assert create(engine, customers=40) == first
    with engine.connect() as connection:
        assert connection.execute(table.select().order_by(table.c.InvoiceId)).all() == before
    engine.dispose()
