"""Which network a container needs to reach the servers that its URLs name."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from sqlalchemy import URL

from prisml.errors import TrainingEnvironmentError


def network_for(urls: Iterable[URL]) -> str | None:
    """``"none"`` where all are files, ``"host"`` where one is on this machine, and None, the engine's own network, otherwise.

    ``TrainingEnvironmentError`` for a server that is reached through a socket's file: a container cannot.
    """
    hosts = [host for url in urls if url.get_backend_name() != "sqlite" for host in _hosts(url)]
    if any(_is_this_machine(host) for host in hosts):
        return "host"
    return None if hosts else "none"


def _hosts(url: URL) -> Iterator[str]:
    """The hosts of the URL, several where psycopg is given several."""
    given = url.query.get("host", url.host or "")
    named = given if isinstance(given, tuple) else (given,)
    hosts = [host.rpartition(":")[0] if host.count(":") == 1 else host for each in named for host in each.split(",")]
    if "unix_socket" in url.query or any(not host or host.startswith(("/", "@")) for host in hosts):
        raise TrainingEnvironmentError(
            f"A URL of {url.drivername!r} names no host: it means a socket of this machine, which no container reaches.",
            {"dialect": url.drivername},
            ["Name the host, as in postgresql+psycopg://user@localhost/shop.", "Or train here: --backend local."],
        )
    yield from hosts


def _is_this_machine(host: str) -> bool:
    name = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
