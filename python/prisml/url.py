"""Database URLs, read so that what is refused is not shown: a mistake in one may have put half a password in another place."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from prisml.errors import ConfigurationError, described

_ESCAPE = "A special character in the password must be percent-encoded (@ is %40)."
_FORM = "It looks like dialect+driver://user:password@host:port/name, or sqlite:///file.db."
_IN_NO_HOST = frozenset("@# ")


def read_url(url: object, *, of: str) -> URL:
    """The URL in its parts; ``of`` says in words whose it is: ``"database"`` or ``"registry"``.

    Raises ``ConfigurationError`` where it cannot be read, or was torn apart at a character of its password.
    """
    if not isinstance(url, str | URL):
        raise ConfigurationError(f"The {of}'s URL is {described(url)}.", {"type": type(url).__name__}, [_FORM])
    parsed = url if isinstance(url, URL) else read_or_none(url)
    if parsed is None:
        # Not chained: for a port that is no number the error quotes what stands in its place.
        raise ConfigurationError(f"The {of}'s URL cannot be read.", {}, [_FORM, _ESCAPE])
    refuse_torn(parsed, of=of)
    return parsed


def read_or_none(url: str) -> URL | None:
    """The URL in its parts, None where it cannot be read: that is told where it is opened."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        return None


def refuse_torn(url: URL, *, of: str) -> None:
    """Raise ``ConfigurationError`` where host or database hold what must be the rest of a password.

    SQLAlchemy ends the password at its first ``@``: what follows becomes the host, and from a slash on the database's name.
    """
    host, name = url.host or "", url.database or ""
    if _IN_NO_HOST.intersection(host) or (host and "@" in name):
        raise ConfigurationError(
            f"The {of}'s URL cannot be read: part of its password stands where the host should be.", {"dialect": url.drivername}, [_ESCAPE]
        )


def first_line(text: str, url: URL) -> str:
    """The first line of a driver's words, without the password and the values of the query, in any spelling of a URL."""
    line = next(iter(text.strip().splitlines()), "")
    for secret in sorted(_secrets(url), key=len, reverse=True):
        for spelling in {secret, quote(secret), quote_plus(secret), quote(secret, safe="")}:
            line = line.replace(spelling, "***")
    return line


def make_engine(url: URL, *, of: str, **options: object) -> Engine:
    """An engine on ``url`` that keeps bind parameters out of its errors; nothing is opened yet.

    Raises ``ConfigurationError`` where its driver is not installed or it has an option that the driver does not take.
    """
    name = url.drivername
    try:
        return create_engine(url, hide_parameters=True, **options)
    except NoSuchModuleError:
        hint = "postgres:// is written postgresql://." if name == "postgres" else "Is the dialect's package installed?"
        raise ConfigurationError(f"SQLAlchemy knows no dialect {name!r}.", {"dialect": name}, [hint]) from None
    except ModuleNotFoundError as missing:
        message = f"The driver of {name!r} is not installed: there is no module {missing.name!r}."
        raise ConfigurationError(message, {"dialect": name}, ["Install the driver, or name another: dialect+driver://."]) from None
    except (ArgumentError, TypeError, ValueError):
        hint = "Leave out what stands behind the question mark, or correct it."
        raise ConfigurationError(f"The {of}'s URL has an option that {name!r} does not take.", {"dialect": name}, [hint]) from None


def _secrets(url: URL) -> set[str]:
    values = {url.password or ""}
    for value in url.query.values():
        values |= {value} if isinstance(value, str) else set(value)
    return values - {""}
