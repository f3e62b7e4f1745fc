"""URLs whose servers are not waited for without end: a firewall that drops what is sent says nothing for minutes."""

from __future__ import annotations

from prisml.url import read_or_none

SECONDS = 10
_OPTION = "connect_timeout"
_DRIVERS = frozenset({"postgresql+psycopg", "postgresql+psycopg2", "mysql+pymysql", "mariadb+pymysql", "mysql+mysqldb", "mariadb+mysqldb"})


def patient(url: str) -> str:
    """The URL with ``SECONDS`` to connect, where its driver has an option for that and nobody has set it; else as it is."""
    parsed = read_or_none(url)
    if parsed is None:
        return url
    driver = parsed.drivername if "+" in parsed.drivername else f"{parsed.drivername}+{_default_driver(parsed.drivername)}"
    if driver not in _DRIVERS or _OPTION in parsed.query:
        return url
    return parsed.update_query_dict({_OPTION: str(SECONDS)}).render_as_string(hide_password=False)


def _default_driver(dialect: str) -> str:
    return {"postgresql": "psycopg2", "mysql": "mysqldb", "mariadb": "mysqldb"}.get(dialect, "")
