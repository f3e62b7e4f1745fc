"""Database servers of a test run's own: started in an empty folder on a free port, stopped at the end."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from sqlalchemy import URL, Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

_PATIENCE_S = 60.0


class MissingProgramError(Exception):
    """A server's program is not installed; the message names the Debian package."""


class Server:
    """A running database server; ``database()`` lends a fresh, empty database in it."""

    package: ClassVar[str]
    account: ClassVar[str]

    def __init__(self, folder: Path, admin: URL) -> None:
        self.folder = folder
        self.admin = admin
        self._numbers = itertools.count()
        self._log = (folder / "server.log").open("wb")
        _give(folder, self.account)
        self._prepare()
        self._process = subprocess.Popen(as_user(self.account, self._command()), stdout=self._log, stderr=self._log, cwd=folder)
        self._wait()

    def database(self) -> Iterator[str]:
        """The URL of a new database, which is dropped when the iterator goes on."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name}")
        try:
            yield self.admin.set(database=name).render_as_string(hide_password=False)
        finally:
            self._run(self._drop(name))

    def stop(self) -> None:
        """Ends the server and waits until it is gone."""
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _prepare(self) -> None:
        raise NotImplementedError

    def _command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def _drop(self, name: str) -> str:
        return f"DROP DATABASE {name}"

    def _call(self, command: Sequence[str | Path]) -> None:
        run = subprocess.run(as_user(self.account, command), stdout=self._log, stderr=self._log, cwd=self.folder, check=False)
        if run.returncode:
            raise RuntimeError(f"{command[0]} ended with {run.returncode}: {self._said()}")

    def _said(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")[-2000:]

    def _engine(self) -> Engine:
        return create_engine(self.admin, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def _run(self, statement: str) -> None:
        with self._engine().connect() as connection:
            connection.execute(text(statement))

    def _wait(self) -> None:
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._run("SELECT 1")
            except OperationalError:
                if self._process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    raise RuntimeError(self._said()) from None
                time.sleep(0.05)
            else:
                return


class PostgreSQL(Server):
    """PostgreSQL with a session time zone far from UTC, so that a forgotten conversion shows."""

    package = "postgresql"
    account = "postgres"

    def __init__(self, folder: Path) -> None:
        self._programs = _postgresql_programs()
        super().__init__(folder, make_url(f"postgresql+psycopg://postgres@127.0.0.1:{free_port()}/postgres"))

    def _prepare(self) -> None:
        # The C locale sorts by bytes; PostgreSQL is fast enough for tests without waiting for the disk.
        self._call(
            [self._programs / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        )

    def _command(self) -> Sequence[str | Path]:
        settings = {"fsync": "off", "timezone": "Asia/Kolkata", "unix_socket_directories": self.folder, "listen_addresses": "127.0.0.1"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._programs / "postgres", "-D", self.folder / "data", "-p", str(self.admin.port), *options]

    def _drop(self, name: str) -> str:
        return f"DROP DATABASE {name} WITH (FORCE)"


class MariaDB(Server):
    """MariaDB with a session time zone far from UTC, so that a forgotten conversion shows."""

    package = "mariadb-server"
    account = "mysql"
    # Neither the host's name nor the kernel's shared places for asynchronous reads can be relied on where many servers run.
    _ALONE: ClassVar[Sequence[str]] = ("--skip-name-resolve", "--innodb-use-native-aio=0")

    def __init__(self, folder: Path) -> None:
        self._install = _program("mariadb-install-db", self.package)
        self._server = _program("mariadbd", self.package)
        super().__init__(folder, make_url(f"mysql+pymysql://prisml@127.0.0.1:{free_port()}/mysql?charset=utf8mb4"))

    def _prepare(self) -> None:
        data = self.folder / "data"
        options = ["--auth-root-authentication-method=normal", "--skip-test-db", "--force", *self._ALONE]
        install: list[str | Path] = [self._install, "--no-defaults", f"--datadir={data}", *options]
        try:
            self._call(install)
        except RuntimeError:
            # Its bootstrap gives up now and then on a busy machine; a second failure is a failure.
            shutil.rmtree(data, ignore_errors=True)
            self._call(install)
        # One statement a line: the server reads the file so.
        user = "prisml@'127.0.0.1'"
        (self.folder / "init.sql").write_text(f"CREATE USER {user};\nGRANT ALL PRIVILEGES ON *.* TO {user} WITH GRANT OPTION;\n")

    def _command(self) -> Sequence[str | Path]:
        return [
            self._server,
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--init-file={self.folder / 'init.sql'}",
            f"--port={self.admin.port}",
            "--bind-address=127.0.0.1",
            *self._ALONE,
            "--character-set-server=utf8mb4",
            "--default-time-zone=+05:30",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=64M",
        ]


def as_user(account: str, command: Sequence[str | Path]) -> list[str]:
    """The command, run as ``account`` where we are root: no database server runs as root."""
    words = [str(word) for word in command]
    if os.getuid() != 0:
        return words
    return [str(_program("setpriv", "util-linux")), f"--reuid={account}", f"--regid={account}", "--clear-groups", *words]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _give(folder: Path, account: str) -> None:
    if os.getuid() == 0:
        shutil.chown(folder, account)
        folder.chmod(0o755)


def _program(name: str, package: str) -> Path:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise MissingProgramError(f"{name} is not installed (Debian package {package})")
    return Path(found)


def _postgresql_programs() -> Path:
    """The folder of the newest PostgreSQL; Debian keeps its programs off the PATH."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if folders:
        return max(folders, key=lambda folder: int(folder.parent.name))
    return _program("initdb", PostgreSQL.package).parent
