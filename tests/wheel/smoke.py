"""Installs a built wheel into a bare environment outside the checkout, and uses it there: ``python -m tests.wheel.smoke dist``.

Any Python 3.11 or newer with pip runs it, from the root of a checkout; the wheel is the only one in the folder that is named.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.support.wheels import ROOT, Environment, run

HERE = Path(__file__).parent


def produce(environment: Environment, folder: Path) -> str:
    """What ``production.py`` says of ``environment``, run in ``folder``, which is made."""
    folder.mkdir()
    archive = ROOT / "tests" / "reference" / "archive_1.prisml"
    return run(str(environment.python), str(HERE / "production.py"), str(archive), cwd=folder)


def train(environment: Environment, folder: Path) -> str:
    """What ``training.py`` says of ``environment``, run in ``folder``, which is made."""
    folder.mkdir()
    return run(str(environment.python), str(HERE / "training.py"), cwd=folder)


def main(dist: Path) -> None:
    """Say of the wheel in ``dist`` what production and training found; ``AssertionError`` where a promise is broken."""
    (wheel,) = dist.absolute().glob("prisml-*.whl")
    with tempfile.TemporaryDirectory(prefix="prisml-smoke-") as name:
        folder = Path(name)
        environment = Environment.new(folder / "environment")
        environment.install(str(wheel))
        print(produce(environment, folder / "production"), end="", flush=True)  # noqa: T201 - A script's answer.
        environment.install(f"{wheel}[train]")
        print(train(environment, folder / "training"), end="")  # noqa: T201 - A script's answer.


if __name__ == "__main__":
    main(Path(sys.argv[1]))
