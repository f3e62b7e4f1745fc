"""The release that is installed."""

from __future__ import annotations


def installed_version() -> str:
    """The number of the installed distribution; ``"0+unknown"`` where the package is used from its source, uninstalled."""
    # Here, since it takes as long to load as the whole of `prisml --help`, which needs no number.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("prisml")
    except PackageNotFoundError:
        return "0+unknown"
