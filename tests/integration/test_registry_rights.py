"""What a registry does for those who may only read, and where the place gives out."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.pool import NullPool

from prisml.errors import PrisMLError, RegistryError
from prisml.registry import Registry
from prisml.registry.tables import SCHEMA_VERSION
from tests.artifacts import make_artifact
from tests.support.rights import as_nobody


def fill(registry: Registry) -> None:
    """Three versions, and an experiment between two."""
    for bias in range(3):
        registry.publish(make_artifact(bias=float(bias)), label="v0.0" if bias == 0 else None)
    registry.experiments.start("churn", {3: 0.5, 1: 0.5})


def check_reading(registry: Registry) -> None:
    """Everything that reads works."""
    assert registry.names() == ("churn",)
    assert registry.active("churn").number == 3
    assert registry.artifact("churn", "v0.0") == make_artifact()
    assert registry.deployment("churn").experiment == registry.experiments.status("churn")
    assert registry.positions(["churn"]) == {"churn": 4}
    assert len(registry.history("churn")) == 4
    assert registry.held("churn") is not None
    assert [version.number for version in registry.prune("churn", keep=0, dry_run=True)] == [2]
    assert registry.verify().problems == ()
    assert registry.schema() == registry.upgrade() == SCHEMA_VERSION


def writers(registry: Registry) -> list[Callable[[], object]]:
    """Everything that writes."""
    return [
        lambda: registry.publish(make_artifact(bias=9.0)),
        lambda: registry.activate("churn", 1),
        lambda: registry.rollback("churn"),
        lambda: registry.describe("churn", 1, note="new"),
        lambda: registry.delete("churn", 2),
        lambda: registry.prune("churn", keep=0),
        lambda: registry.experiments.stop("churn"),
    ]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that anybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
        Path(name).chmod(0o755)


@pytest.fixture
def sealed(folder: Path) -> Path:
    """A SQLite registry that nobody may write to, in a folder in which nothing can be made."""
    path = folder / "a registry?#%20.db"
    fill(Registry(make_url("sqlite://").set(database=str(path))))
    path.chmod(0o444)
    folder.chmod(0o555)
    return path


def activate_as_owner(sealed: Path, number: int) -> None:
    """Write to a registry that is read-only for others, as from another mount of the same folder."""
    user = os.geteuid()
    os.seteuid(os.getuid())
    sealed.parent.chmod(0o755)
    sealed.chmod(0o644)
    Registry(make_url("sqlite://").set(database=str(sealed))).activate("churn", number)
    sealed.chmod(0o444)
    sealed.parent.chmod(0o555)
    os.seteuid(user)


def test_serving_needs_select_only(postgresql_url: str):
    """A PostgreSQL role that may do nothing but SELECT reads everything; what it writes is refused and changes nothing."""
    fill(Registry(postgresql_url))
    owner = create_engine(postgresql_url, poolclass=NullPool)
    with owner.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS reader"))
        connection.execute(text("CREATE ROLE reader LOGIN"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    reader = Registry(make_url(postgresql_url).set(username="reader"))
    check_reading(reader)
    for write in writers(reader):
        with pytest.raises(RegistryError, match="cannot be used: InsufficientPrivilege"):
            write()
    check_reading(reader)
    with owner.begin() as connection:
        connection.execute(text("DROP OWNED BY reader"))
        connection.execute(text("DROP ROLE reader"))


def test_serving_needs_select_only_on_mariadb(mysql_url: str):
    """The same for a MariaDB account."""
    fill(Registry(mysql_url))
    name = make_url(mysql_url).database
    with create_engine(mysql_url, poolclass=NullPool).begin() as connection:
        connection.execute(text("CREATE OR REPLACE USER reader@'127.0.0.1'"))
        connection.execute(text(f"GRANT SELECT ON {name}.* TO reader@'127.0.0.1'"))
    reader = Registry(make_url(mysql_url).set(username="reader"))
    check_reading(reader)
    for write in writers(reader):
        with pytest.raises(RegistryError, match="cannot be used: OperationalError"):
            write()
    check_reading(reader)


def test_a_registry_in_a_read_only_folder_is_read(sealed: Path):
    """A SQLite registry in a folder in which SQLite can make nothing is read; writing is refused, and the file stays as it is."""
    registry = Registry(make_url("sqlite://").set(database=str(sealed)))
    before = sealed.read_bytes()
    with as_nobody():
        check_reading(registry)
        for write in writers(registry):
            with pytest.raises(RegistryError, match=r"is read-only here|could not make its files beside it"):
                write()
    assert [entry.name for entry in sealed.parent.iterdir()] == [sealed.name]
    assert sealed.read_bytes() == before


def test_a_registry_that_is_written_elsewhere_meanwhile_is_not_misread(sealed: Path):
    """Where somebody else may write what is read-only here, their commits are seen, and a read that they fall into says so."""
    reader = Registry(make_url("sqlite://").set(database=str(sealed)))

    def read_while_it_is_written() -> None:
        with as_nobody(), reader.database.reading():
            activate_as_owner(sealed, 2)

    with as_nobody():
        assert reader.active("churn").number == 3
    with pytest.raises(RegistryError, match=r"was written while it was read\. Try again"):
        read_while_it_is_written()
    with as_nobody():
        assert reader.active("churn").number == 2


def test_a_registry_whose_file_alone_is_read_only(folder: Path):
    """A file that may not be written, in a folder that may, is read, and says that it is read-only where it is to be written."""
    path = folder / "registry.db"
    fill(Registry(f"sqlite:///{path}"))
    path.chmod(0o444)
    folder.chmod(0o777)
    with as_nobody():
        registry = Registry(f"sqlite:///{path}")
        check_reading(registry)
        for write in writers(registry):
            with pytest.raises(RegistryError, match="is read-only here"):
                write()
        check_reading(registry)


def test_a_file_that_may_not_be_read_is_told(folder: Path):
    """A registry whose file may not be opened at all is a ``RegistryError``, in a folder of either kind."""
    path = folder / "registry.db"
    fill(Registry(f"sqlite:///{path}"))
    path.chmod(0o000)
    for mode in (0o777, 0o555):
        folder.chmod(mode)
        with as_nobody(), pytest.raises(RegistryError, match="cannot be"):
            Registry(f"sqlite:///{path}").names()


def test_a_folder_that_cannot_be_made_is_told(folder: Path):
    """Publishing where no folder can be made is a ``RegistryError``."""
    folder.chmod(0o555)
    with as_nobody(), pytest.raises(RegistryError, match="cannot be used: PermissionError"):
        Registry(f"sqlite:///{folder / 'deep' / 'registry.db'}").publish(make_artifact())


def test_a_full_disk_leaves_the_registry_as_it_was(tmp_path: Path):
    """Where there is no room for a version, nothing of it is kept, what serves goes on, and a smaller one fits."""
    path = tmp_path / "registry.db"
    fill(Registry(f"sqlite:///{path}"))
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def limit(connection, record):
        connection.execute("PRAGMA max_page_count = 100")

    registry = Registry(engine)
    with pytest.raises(RegistryError, match=r"has no room left\. Make room, then try again: nothing was changed"):
        registry.publish(make_artifact(bias=9.0, padding=2_000_000))
    check_reading(registry)
    assert registry.verify().orphans == ()
    assert registry.publish(make_artifact(bias=9.0)).number == 4


def test_a_lost_database_is_told(postgresql_url: str):
    """A database that is dropped under a registry is a ``RegistryError`` for every method."""
    registry = Registry(postgresql_url)
    fill(registry)
    url = make_url(postgresql_url)
    admin = create_engine(url.set(database="postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {url.database} WITH (FORCE)"))
    for use in (
        registry.names,
        lambda: registry.positions(["churn"]),
        lambda: registry.artifact("churn"),
        registry.verify,
        *writers(registry),
    ):
        with pytest.raises(RegistryError, match="cannot be used: OperationalError"):
            use()
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {url.database}"))


def test_a_file_that_vanishes_is_an_empty_registry_and_one_that_is_torn_is_not(tmp_path: Path):
    """A truncated file is an error for whatever reads it, and no empty registry."""
    path = tmp_path / "registry.db"
    registry = Registry(f"sqlite:///{path}")
    fill(registry)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    path.write_bytes(path.read_bytes()[: 3 * 4096])
    with pytest.raises(PrisMLError):
        registry.artifact("churn")
    with pytest.raises(PrisMLError):
        registry.verify()
    path.unlink()
    assert registry.names() == ()
