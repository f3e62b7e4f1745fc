"""Mistakes that somebody can make with ``prisml init``, each in a folder of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from prisml.commands.init.write import Change, written
from tests.docs.console import afresh
from tests.errors.gallery import NUMBER, SECRET, case
from tests.errors.world import World

MODELS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    churned: Mapped[bool]
"""
NOTE = """

class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    length: Mapped[int]
    password: Mapped[str]
"""


def beside(world: World, name: str, files: dict[str, str | bytes]) -> Path:
    """A folder beside the shop with these files."""
    place = world.folder.parent / f"{world.folder.name}-{name}"
    for file, content in files.items():
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        (place / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return place


def init(world: World, name: str, *words: str, **files: str | bytes) -> object:
    """``prisml init`` in a folder of its own with ``models.py`` and these files, of which a dot is written ``_dot_``."""
    place = beside(world, name, {"models.py": MODELS} | {file.replace("_dot_", "."): content for file, content in files.items()})
    with pytest.MonkeyPatch.context() as patch, afresh(place):
        patch.chdir(place)
        patch.setattr(sys, "path", list(sys.path))
        return world.prisml("init", *words)


@case("definition", "init finds Python files, and no mapped class in them", "2 Python files")
def _(world: World) -> object:
    return init(world, "unmapped", "--yes", models_dot_py="x = 3\n", old_dot_py="print 3\n")


@case("definition", "init is given a file that is not there", "absent.py")
def _(world: World) -> object:
    return init(world, "absent", "absent.py")


@case("definition", "init is given a file outside of the folder", "shop.py")
def _(world: World) -> object:
    return init(world, "outside", str(world.folder / "shop.py"))


@case("definition", "init is given the current folder", ".")
def _(world: World) -> object:
    return init(world, "dot", ".")


@case("definition", "init is given a module without a mapped class", "empty.py")
def _(world: World) -> object:
    return init(world, "empty", "empty.py", empty_dot_py="x = 3\n")


@case("definition", "init is given a class that its module has not", "Custmer")
def _(world: World) -> object:
    return init(world, "misnamed", "models.py:Custmer")


@case("definition", "init is given a module that maps its classes automatically", "automatic.py")
def _(world: World) -> object:
    made = "from sqlalchemy.ext.automap import automap_base\n\nBase = automap_base()\n"
    return init(world, "automatic", "automatic.py", automatic_dot_py=made)


@case("definition", "init is given an entity that is not mapped", "'Order'")
def _(world: World) -> object:
    return init(world, "entity", "--yes", "--entity", "Order", models_dot_py=MODELS + NOTE)


@case("definition", "init is given an entity's name that two classes have", "'Customer'")
def _(world: World) -> object:
    return init(world, "twins", "--yes", "--entity", "Customer", other_dot_py=MODELS)


@case("definition", "init meets a relationship to a class that is nowhere", "'Order'")
def _(world: World) -> object:
    lost = MODELS + '    orders: Mapped[list["Order"]] = relationship()\n'
    return init(world, "lost", "--yes", models_dot_py=lost)


@case("definition", "init finds nothing that could be a label", "Note")
def _(world: World) -> object:
    return init(world, "unlabelled", "--yes", "--entity", "Note", models_dot_py=MODELS + NOTE)


@case("definition", "init finds nothing that could be a label, nor a column to name", "Tag")
def _(world: World) -> object:
    tag = '\n\nclass Tag(Base):\n    __tablename__ = "tags"\n    id: Mapped[int] = mapped_column(primary_key=True)\n'
    return init(world, "bare", "--yes", "--entity", "Tag", models_dot_py=MODELS + tag)


@case("definition", "init is given a label that is no column", "Customer", "'chruned'")
def _(world: World) -> object:
    return init(world, "label", "--yes", "--label", "chruned")


@case("definition", "init is given a label that is the primary key", "Customer", "'id'")
def _(world: World) -> object:
    return init(world, "key", "--yes", "--label", "id")


@case("definition", "init is given a label that is a relationship to one", "Note", "'customer'")
def _(world: World) -> object:
    owned = '    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))\n    customer: Mapped[Customer] = relationship()\n'
    return init(world, "owned", "--yes", "--entity", "Note", "--label", "customer", models_dot_py=MODELS + NOTE + owned)


@case("definition", "init is given a label beside which there is nothing to learn from", "Note", "'length'")
def _(world: World) -> object:
    return init(world, "nothing", "--yes", "--entity", "Note", "--label", "length", models_dot_py=MODELS + NOTE)


@case("definition", "init's field is called as an attribute is", "Customer.age")
def _(world: World) -> object:
    return init(world, "taken", "--yes", "--output", "age")


@case("definition", "init writes for a module that another interpreter cannot import", "ml", "exit code 3")
def _(world: World) -> object:
    made = f"import os\nimport sys\n\nif 'pytest' not in sys.modules:\n    print('Fatal: {SECRET}', file=sys.stderr)\n    os._exit(3)\n"
    return init(world, "dying", "--yes", models_dot_py=made + MODELS)


@case("configuration", "init's definition would go outside of the folder", "fields.py")
def _(world: World) -> object:
    return init(world, "above", "--yes", "--to", f"../{world.folder.name}/fields.py")


@case("configuration", "init's definition would go into a file that Python cannot import", "my-fields.py")
def _(world: World) -> object:
    return init(world, "hyphen", "--yes", "--to", "my-fields.py")


@case("configuration", "init's definition is there already", "ml.py")
def _(world: World) -> object:
    return init(world, "there", "--yes", ml_dot_py="mine\n")


@case("configuration", "init's test is there already", "test_churned.py")
def _(world: World) -> object:
    return init(world, "tested", "--yes", test_churned_dot_py="mine\n")


@case("configuration", "init adds to a pyproject.toml that is no TOML", "pyproject.toml")
def _(world: World) -> object:
    return init(world, "torn", "--yes", pyproject_dot_toml=f"x = '{SECRET}\n")


@case("configuration", "init adds to a pyproject.toml that is not UTF-8", "pyproject.toml")
def _(world: World) -> object:
    return init(world, "latin", "--yes", pyproject_dot_toml="x = 'größe'\n".encode("latin-1"))


@case("configuration", "init adds to a pyproject.toml whose tool is an inline table", "pyproject.toml")
def _(world: World) -> object:
    return init(world, "inline", "--yes", pyproject_dot_toml="tool = {ruff = {line-length = 88}}\n")


@case("configuration", "init adds to a .gitignore that is not UTF-8", ".gitignore")
def _(world: World) -> object:
    return init(world, "ignored", "--yes", _dot_gitignore="größe\n".encode("latin-1"))


@case("configuration", "init writes into a folder that is a file", "fields.py")
def _(world: World) -> object:
    return init(world, "blocked", "--yes", "--to", "models.py/fields.py")


@case("configuration", "a file changes while init is at work", "settings.toml")
def _(world: World) -> object:
    place = beside(world, "moved", {"settings.toml": f"x = {NUMBER}\n"})
    with written([Change(place / "settings.toml", "x = 4\n", b"x = 3\n")]):
        raise AssertionError


@case("configuration", "init looks at a database whose URL is none", "database")
def _(world: World) -> object:
    return init(world, "url", "--yes", "--database", SECRET)


@case("database_connection", "init looks at a database that is not there", "shopp.db")
def _(world: World) -> object:
    return init(world, "shopp", "--yes", "--database", "sqlite:///shopp.db")
