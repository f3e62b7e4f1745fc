"""What an installation weighs, and what its imports take: the wheel of this checkout in an environment of its own.

Weights are the files of each distribution, with the bytecode that pip writes. Times are those of the processor in fresh processes, which
other work on the machine does not lengthen as it does the clock's; the ways are taken in turn; the least and the median of ``--runs``.
A promise that is broken is exit code 1.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benches.report import Report, arguments
from tests.support.wheels import Environment, build

WAYS: Mapping[str, tuple[str, ...]] = {
    "python": ("-c", "pass"),
    "prisml --help": ("-m", "prisml", "--help"),
    "import prisml": ("-c", "import prisml"),
    "from prisml import load": ("-c", "from prisml import load"),
    "import sqlalchemy.orm": ("-c", "import sqlalchemy.orm"),
    "import numpy": ("-c", "import numpy"),
    "import pydantic": ("-c", "import pydantic; pydantic.BaseModel"),
    "these three together": ("-c", "import sqlalchemy.orm, numpy, pydantic; pydantic.BaseModel"),
    "import onnxruntime": ("-c", "import onnxruntime"),
    "import sklearn": ("-c", "import sklearn.ensemble"),
}


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--runs", type=int, default=15, help="fresh processes for each time")
    options = parser.parse_args()
    report = Report("An installation from the wheel")
    with tempfile.TemporaryDirectory(prefix="prisml-install-") as name:
        folder = Path(name)
        wheel = build("wheel", folder)
        environment = Environment.new(folder / "environment")
        environment.install(str(wheel))
        weigh(report, "prisml", environment, ())
        before = tuple(environment.sizes())
        environment.install(f"{wheel}[train]")
        weigh(report, "prisml[train] adds", environment, before)
        race(report, environment, options.runs)
    return report.finish(options.json)


def weigh(report: Report, what: str, environment: Environment, known: tuple[str, ...]) -> None:
    """A row for each distribution that is not ``known``, the largest first, and one for the sum."""
    sizes = {name: size for name, size in environment.sizes().items() if name not in known}
    report.add(what=what, which=f"{len(sizes)} distributions", MB=round(sum(sizes.values()) / 1e6, 1))
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        report.add(what=what, which=name, MB=round(size / 1e6, 1))
    if not known:
        report.expect("prisml itself is below 10 MB", kept=sizes["prisml"] < 10e6)
        report.expect("production is below 250 MB", kept=sum(sizes.values()) < 250e6)


def spent() -> float:
    """The processor's seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def race(report: Report, environment: Environment, runs: int) -> None:
    """A row for each way, in turn with the others."""
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    own = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}}
    for _ in range(runs):
        for way, words in WAYS.items():
            started = spent()
            subprocess.run([str(environment.python), *words], check=True, capture_output=True, env=own, cwd=environment.folder)
            taken[way].append(spent() - started)
    for way, seconds in taken.items():
        report.add(what="time", which=way, least_ms=round(min(seconds) * 1e3), median_ms=round(statistics.median(seconds) * 1e3))
    least = {way: min(seconds) - min(taken["python"]) for way, seconds in taken.items()}
    report.expect("--help takes less than SQLAlchemy's import", kept=least["prisml --help"] < least["import sqlalchemy.orm"])
    report.expect("prisml adds less to its three than they take", kept=least["from prisml import load"] < 2 * least["these three together"])


if __name__ == "__main__":
    sys.exit(main())
