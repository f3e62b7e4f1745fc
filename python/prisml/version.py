"""The release that is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """The number of the installed distribution; ``"0+unknown"`` where the package is used from its source, uninstalled."""
    try:
        return version("prisml")
    except PackageNotFoundError:
        return "0+unknown"
