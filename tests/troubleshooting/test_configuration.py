"""Entries about settings: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

import prisml
from prisml.config import Config
from prisml.extraction.database import connect
from prisml.registry import Registry
from tests.support.console import prisml_with
from tests.support.guide import refused
from tests.support.troubles import model, trained

MODULE = "from tests.support.troubles import model\n\nchurn = model()\n"


def settings(folder: Path, **values: str) -> None:
    """A pyproject.toml with these settings."""
    lines = [f"{key} = '{value}'" for key, value in values.items()]
    (folder / "pyproject.toml").write_text("\n".join(["[tool.prisml]", *lines, ""]))


def test_unknown_setting(told, tmp_path: Path):
    """A key that is written as it is called is read."""
    settings(tmp_path, databse="sqlite:///shop.db")
    told(refused(Config.read))
    settings(tmp_path, database="sqlite:///shop.db")
    assert Config.read().database == f"sqlite:///{tmp_path}/shop.db"


def test_no_database_named(told, tmp_path: Path, shop, monkeypatch: pytest.MonkeyPatch):
    """The option, the variable and the setting each name the database."""
    (tmp_path / "ml.py").write_text(MODULE)
    told(prisml_with("features", "ml.py").stderr)
    assert prisml_with("features", "ml.py", "--database", "sqlite:///shop.db").exit_code == 0
    monkeypatch.setenv("DATABASE_URL", "sqlite:///shop.db")
    assert prisml_with("features", "ml.py").exit_code == 0
    monkeypatch.delenv("DATABASE_URL")
    settings(tmp_path, database="sqlite:///shop.db")
    assert prisml_with("features", "ml.py").exit_code == 0


def test_environment_overrides(told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The environment comes before the file, and an option before both."""
    settings(tmp_path, database="sqlite:////srv/file.db")
    monkeypatch.setenv("DATABASE_URL", "sqlite:////srv/variable.db")
    assert Config.read().database == "sqlite:////srv/variable.db"
    assert Config.read(database="sqlite:////srv/option.db").database == "sqlite:////srv/option.db"
    monkeypatch.delenv("DATABASE_URL")
    assert Config.read().database == "sqlite:////srv/file.db"


def test_registry_of_another_folder(told, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A process that was started elsewhere looks for another file, unless the registry is named absolutely."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    told(refused(lambda: prisml.load("churn", refresh=None)))
    monkeypatch.setenv("PRISML_REGISTRY", f"sqlite:///{tmp_path}/.prisml/registry.db")
    assert prisml.load("churn", refresh=None).health().version == 1
    monkeypatch.delenv("PRISML_REGISTRY")
    settings(tmp_path)
    assert prisml.load("churn", refresh=None).health().version == 1


def test_password_with_at(told):
    """A password is percent-encoded in a URL."""
    told(refused(lambda: connect("postgresql+psycopg://shop:p@ss/word@db/shop")))
    assert connect("postgresql+psycopg://shop:p%40ss%2Fword@db/shop").url.password == "p@ss/word"


def test_driver_not_installed(told):
    """The driver that is there is named in the URL."""
    told(refused(lambda: connect("mysql://shop@db/shop")))
    assert connect("mysql+pymysql://shop@db/shop").driver == "pymysql"


def test_unknown_dialect(told):
    """SQLAlchemy's name of PostgreSQL has an "ql" at its end."""
    told(refused(lambda: connect("postgres://shop@db/shop")))
    assert connect("postgresql+psycopg://shop@db/shop").dialect.name == "postgresql"


def test_asynchronous_driver(told, shop, empty: Registry):
    """Training takes a synchronous engine on the same database."""
    asynchronous = create_async_engine("sqlite+aiosqlite:///shop.db")
    told(refused(lambda: trained(model(), asynchronous, empty)))
    assert trained(model(), shop, empty).manifest.name == "churn"


def test_no_database_file(told, tmp_path: Path, shop):
    """A relative path begins at the current folder, an absolute one with a fourth slash."""
    (tmp_path / "ml.py").write_text(MODULE)
    told(prisml_with("features", "ml.py", "--database", f"sqlite://{tmp_path}/shop.db").stderr)
    assert prisml_with("features", "ml.py", "--database", f"sqlite:///{tmp_path}/shop.db").exit_code == 0
