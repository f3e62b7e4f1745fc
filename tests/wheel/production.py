"""What an installation without extras must be able to do: import, help, take an archive over, export a bundle, predict from it.

Run it with the Python of the environment under test, from a folder outside the checkout: ``python production.py ARCHIVE``, where ARCHIVE is
``tests/reference/archive_1.prisml``. It needs nothing but ``prisml``, and leaves what it makes in the current folder.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from importlib.metadata import version
from pathlib import Path

from installed import prisml, wanted

TRAINING = ("sklearn", "scipy", "joblib", "onnx", "skl2onnx", "pandas", "xgboost", "lightgbm")


def log_odds(probability: float) -> float:
    """The score of which a logistic function made ``probability``."""
    return math.log(probability / (1 - probability))


def main(archive: Path) -> None:
    """Raise ``SystemExit`` with what is broken."""
    there = [name for name in TRAINING if importlib.util.find_spec(name)]
    wanted(f"production has no training stack, and here is {', '.join(there)}", kept=not there)
    wanted("--help says what prisml is", kept="Predictive fields for SQLAlchemy" in prisml("--help"))
    wanted("--version is that of the distribution", kept=prisml("--version").strip() == f"prisml {version('prisml')}")

    registry = f"sqlite:///{Path('registry.db').absolute().as_posix()}"
    prisml("import", str(archive), "--registry", registry)
    prisml("export", "churn", "--to", "bundle", "--registry", registry)

    from prisml import __version__, load

    wanted("the package knows its number", kept=__version__ == version("prisml"))
    engine = load("bundle")
    ages = [engine.predict({"age": age, "country": "US"}).value for age in (41, 42)]
    countries = [prediction.value for prediction in engine.predict_many([{"age": 41, "country": name} for name in ("US", "DE")])]
    wanted("a row alone has the value that it has in a batch", kept=ages[0] == countries[0])
    wanted("a year is worth 1/32", kept=math.isclose(log_odds(ages[1]) - log_odds(ages[0]), 0.03125, abs_tol=1e-5))
    wanted(
        "the next code of a country is worth -1/2", kept=math.isclose(log_odds(countries[1]) - log_odds(countries[0]), -0.5, abs_tol=1e-5)
    )
    wanted(
        "the registry serves what the bundle does",
        kept=load("churn", registry=registry).predict({"age": 41, "country": "US"}).value == ages[0],
    )
    print(f"production: prisml {__version__} on Python {sys.version.split()[0]}, {sys.platform}: all kept")  # noqa: T201 - A script's answer.


if __name__ == "__main__":
    main(Path(sys.argv[1]))
