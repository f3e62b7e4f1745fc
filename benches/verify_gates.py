"""Whether gates say what they must: planted cases whose verdict is known beforehand, each trained by the command line.

For each case: the exit code of ``prisml train``, whether the gate passed and what it says of why; that where it did not pass nothing was
published and the version that served serves on. What is not as it must be is exit code 1.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from benches.gates_planted import CASES, Case, shop
from benches.report import Report, arguments
from prisml.cli.main import cli
from prisml.registry.registry import Registry


@dataclass(frozen=True)
class Outcome:
    """What the command line answered, and what the registry held before and after."""

    code: int
    gates: list[dict[str, Any]]
    error: str
    before: tuple[tuple[int, bool], ...]
    after: tuple[tuple[int, bool], ...]

    def wrong_with(self, case: Case) -> str | None:
        """What is not as the case expects; None where all is."""
        verdict = self.gates[0] if self.gates else {}
        told = " ".join(str(verdict.get(key)) for key in ("reason", "overlap"))
        wrong = {
            f"exit code {self.code}": self.code != case.code,
            f"passed: {verdict.get('passed')}": all(gate["passed"] for gate in self.gates) is not case.passed or not self.gates,
            f"says: {told}": not all(words in told for words in case.says),
            f"{len(self.after) - len(self.before)} published": len(self.after) - len(self.before) != int(case.passed),
            "another version serves": not case.passed and self.before != self.after,
            "not in the error": not case.passed and verdict.get("metric", "?") not in self.error,
        }
        return next((what for what, is_wrong in wrong.items() if is_wrong), None)


def try_out(case: Case, number: int, folder: Path, url: str) -> Outcome:
    """Train what serves before, then the case, and see what came of it."""
    registry = f"sqlite:///{folder / 'registry.db'}"
    first, second = case.modules(number)
    if first is not None and _train(folder / f"before_{number}.py", first, url, registry)[0]:
        raise RuntimeError(f"what is to serve before {case.gate} was not published")
    before = _versions(registry, f"left_{number}")
    code, document = _train(folder / f"after_{number}.py", second, url, registry)
    (model,) = document["models"]
    return Outcome(code, model.get("gates", []), json.dumps(model.get("error")), before, _versions(registry, f"left_{number}"))


def _train(module: Path, source: str, url: str, registry: str) -> tuple[int, dict[str, Any]]:
    module.write_text(source)
    done = CliRunner().invoke(cli, ["train", str(module), "--database", url, "--registry", registry, "--json"])
    document: dict[str, Any] = json.loads(done.stdout)
    return done.exit_code, document


def _versions(registry: str, name: str) -> tuple[tuple[int, bool], ...]:
    opened = Registry(registry)
    return tuple((each.number, each.active) for each in opened.versions(name)) if name in opened.names() else ()


def main() -> int:
    """The exit code: 1 where a case ended otherwise than it must."""
    options = arguments(__doc__ or "").parse_args()
    report = Report(f"{len(CASES)} planted gates")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = shop(folder)
        for number, case in enumerate(CASES):
            print(f"{case.kind}: {case.gate}", file=sys.stderr, flush=True)
            found = try_out(case, number, folder, url)
            wrong = found.wrong_with(case)
            reason = found.gates[0]["reason"] if found.gates else None
            report.add(kind=case.kind, gate=case.gate, must_pass=case.passed, exit_code=found.code, reason=reason, right=wrong is None)
            report.expect(f"{case.kind}, {case.gate}: {wrong}", kept=wrong is None)
    return report.finish(options.json)


if __name__ == "__main__":
    raise SystemExit(main())
