"""The table "expressions" of ``make verify-orm``, short: every way is timed, and by hand comes what PrisML predicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from benches import orm_expressions
from benches.report import Report


@pytest.mark.usefixtures("postgresql_server")
def test_what_sql_computes_is_compared_with_what_is_written_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four ways have a line each; a bound that nothing keeps is a broken promise, unless the machine is too busy to be judged."""
    monkeypatch.setattr(orm_expressions, "BOUND_MS", 0.0)
    monkeypatch.setattr(orm_expressions, "BUSY_MS", 1e9)
    report = Report("short")
    orm_expressions.compare(report, tmp_path, customers=300, orders=2_000, calls=30)
    assert [str(row["way"]).partition(",")[0] for row in report.rows] == ["session.get alone", "with_ml()", "with_ml()", "by hand"]
    assert report.broken == ["with_ml(): a p99 below 0 ms in all"]
    monkeypatch.setattr(orm_expressions, "BUSY_MS", 0.0)
    busy = Report("busy")
    (tmp_path / "busy").mkdir()
    orm_expressions.compare(busy, tmp_path / "busy", customers=300, orders=2_000, calls=10)
    assert busy.broken == []
