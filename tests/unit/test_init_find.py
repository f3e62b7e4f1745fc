"""Mapped classes are found by reading files, in whichever way they are mapped, and no file is imported for it."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import pytest

from prisml.commands.init.find import module_of, search
from tests.support.rights import as_nobody

BASE = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): pass\n"


def found(folder: Path, **files: str) -> list[str]:
    """The classes found in these files; ``a__b`` is ``a/b.py``."""
    for name, text in files.items():
        place = folder / f"{name.replace('__', '/')}.py"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return [f"{each.module}.{each.name}" for each in search(folder).classes]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (BASE + "class Customer(Base):\n    __tablename__ = 'c'\n", ["Customer"]),
        (BASE + "class Customer(Base):\n    __table__ = t\n", ["Customer"]),
        (BASE + "class Customer(Base):\n    id: Mapped[int] = mapped_column(primary_key=True)\n", ["Customer"]),
        ("Base = declarative_base()\nclass Customer(Base):\n    __tablename__ = 'c'\n", ["Customer"]),
        ("Base = registry().generate_base()\nclass Customer(Base):\n    id = Column(Integer)\n", ["Customer"]),
        ("class Customer(SQLModel, table=True):\n    id: int\n", ["Customer"]),
        ("class Customer(SQLModel):\n    id: int\n", []),
        ("db = SQLAlchemy(app)\nclass Customer(db.Model):\n    id = db.Column(db.Integer)\n", ["Customer"]),
        ("@reg.mapped\nclass Customer:\n    __tablename__ = 'c'\n", ["Customer"]),
        ("@reg.mapped_as_dataclass(kw_only=True)\nclass Customer:\n    __tablename__ = 'c'\n", ["Customer"]),
        ("class Customer: pass\nreg.map_imperatively(Customer, table)\n", ["Customer"]),
        (BASE + "class Shared(Base):\n    __abstract__ = True\nclass Customer(Shared):\n    id = mapped_column()\n", ["Customer"]),
        (BASE + "class A(Base):\n    __tablename__ = 'a'\nclass B(A):\n    pass\n", ["A", "B"]),
        ("class Mixin:\n    id: Mapped[int]\n", []),
        ("class Customer:\n    name = 'x'\n", []),
        ("class Base(MappedAsDataclass, DeclarativeBase):\n    __tablename__ = 'x'\n", []),
    ],
)
def test_every_way_of_mapping_is_seen(tmp_path: Path, source: str, names: list[str]):
    """Declarative in all its forms, SQLModel, Flask-SQLAlchemy, decorators and imperative mapping are told from plain classes."""
    assert found(tmp_path, models=source) == [f"models.{name}" for name in names]


def test_a_base_of_another_file_counts(tmp_path: Path):
    """Classes whose base stands elsewhere are found, under the module that the application imports."""
    customer = "from shop.db import Base\nclass Customer(Base):\n    id: Mapped[int]\n"
    assert found(tmp_path, shop__db=BASE, shop__models__customer=customer) == ["shop.models.customer.Customer"]


def test_nothing_is_imported_and_what_cannot_be_read_is_told(tmp_path: Path):
    """A file that would end the process is read like any other, and one that is no Python is named."""
    (tmp_path / "wrong.py").write_text("class (:\n")
    (tmp_path / "null.py").write_bytes(b"x = '\x00'")
    (tmp_path / "deep.py").write_text(f"x = {'-' * 100_000}1\n")
    assert found(tmp_path, models="raise SystemExit\n" + BASE + "class A(Base):\n    __tablename__ = 'a'\n") == ["models.A"]
    assert [file.name for file in search(tmp_path).unreadable] == ["deep.py", "null.py", "wrong.py"]


def test_what_python_would_warn_of_is_not_shown(tmp_path: Path):
    """An escape that Python 3.12 warns of is its author's to mend: nothing is shown, and the classes are found."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert found(tmp_path, models="WORDS = '\\d'\n" + BASE + "class A(Base):\n    __tablename__ = 'a'\n") == ["models.A"]
    assert told == []


def test_environments_and_tests_are_passed_over(tmp_path: Path):
    """What others wrote, and what only tests map, is not offered."""
    mapped = BASE + "class A(Base):\n    __tablename__ = 'a'\n"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "pyvenv.cfg").touch()
    places = ("mine__lib__models", "tests__models", ".venv__models", "node_modules__models", "migrations__versions__a1")
    assert found(tmp_path, **dict.fromkeys(places, mapped)) == []
    assert search(tmp_path).files == 0


def test_a_folder_that_may_not_be_entered_is_passed_over():
    """Beside a folder of somebody else's, as that of a database's server, what may be read is found."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        mapped = BASE + "class A(Base):\n    __tablename__ = 'a'\n"
        assert found(Path(name), models=mapped, pgdata__models=mapped) == ["models.A", "pgdata.models.A"]
        Path(name, "pgdata").chmod(0)
        with as_nobody():
            classes = search(Path(name)).classes
        Path(name, "pgdata").chmod(0o755)
    assert [each.name for each in classes] == ["A"]


def test_the_sqlite_files_that_the_code_names_are_found(tmp_path: Path):
    """A URL of a SQLite file is taken from the code, once, without an asynchronous driver; one in memory is none."""
    found(tmp_path, db="a = 'sqlite+aiosqlite:///shop.db'\nb = 'sqlite:///shop.db'\nc = 'sqlite:///:memory:'\nd = 'sqlite://'\n")
    assert search(tmp_path).databases == ("sqlite:///shop.db",)


@pytest.mark.parametrize(
    "code",
    ["f'sqlite:///{name}.db'", "f'sqlite:///data/{name}.db'", "'sqlite:///%s' % name", "'sqlite:///{}'.format(name)", "'sqlite:///data/'"],
)
def test_a_url_that_is_put_together_is_no_file(tmp_path: Path, code: str):
    """What the program makes of parts when it runs is not known by reading, and is not offered as the database."""
    found(tmp_path, db=f"url = {code}\n")
    assert search(tmp_path).databases == ()


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("models.py", "models"),
        ("shop/models.py", "shop.models"),
        ("shop/models/__init__.py", "shop.models"),
        ("src/shop/models.py", "shop.models"),
    ],
)
def test_a_module_is_called_as_the_application_calls_it(tmp_path: Path, file: str, module: str):
    """The name goes from the current folder on, or from its ``src``."""
    assert module_of(tmp_path / file, tmp_path) == module
