"""What a check found, as a table and as a JSON object."""

from __future__ import annotations

from prisml.cli import render
from prisml.commands.check import Checked


def as_document(checked: Checked) -> dict[str, object]:
    """What was found, as a JSON object."""
    checks = [
        {
            "subject": each.subject,
            "passed": each.passed,
            "detail": each.detail,
            "hint": each.hint,
            "features": list(each.features),
            "drifted": each.drifted,
        }
        for each in checked.findings
    ]
    return {"model": checked.model, "passed": checked.passed, "version": checked.version, "drifted": checked.drifted, "checks": checks}


def write_findings(checked: Checked) -> None:
    """A table of what was found, on stdout, and the ways out below it."""
    concerned = any(each.features for each in checked.findings)
    columns = ("checked", "found", *(("features",) if concerned else ()), "fits")
    rows = [
        (each.subject, each.detail, *((", ".join(each.features),) if concerned else ()), render.verdict(passed=each.passed))
        for each in checked.findings
    ]
    render.console().print(render.table(f"{checked.model}: {checked.entity}", columns, rows))
    for each in checked.findings:
        if each.hint is not None and not each.passed:
            render.say(f"  {each.subject}: {each.hint}")
