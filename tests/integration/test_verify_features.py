"""The campaign of ``make verify-features``, short: a few hundred rows of each kind on each database."""

from __future__ import annotations

import numpy as np
import pytest

from benches.feature_values import draw
from benches.feature_ways import differing
from benches.report import Report
from benches.verify_features import show, show_alike

VALUES = draw(300, 1)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::sqlalchemy.exc.SAWarning")
def test_what_is_trained_with_is_what_is_predicted_with(sqlite_url: str, postgresql_url: str, mysql_url: str) -> None:
    """For each kind of feature, database and rule of ``as_of``, training and every way of predicting have the same float32."""
    report = Report("")
    urls = {"sqlite": sqlite_url, "postgresql": postgresql_url, "mysql": mysql_url}
    found = {database: show(report, database, url, VALUES) for database, url in urls.items()}
    show_alike(report, found)
    assert report.broken == []
    assert len(report.rows) > 1_000
    assert all(row["rows"] >= 300 for row in report.rows)


def test_a_number_of_another_last_bit_is_seen() -> None:
    """The campaign counts a float32 that differs in its last bit, and a number where there is none."""
    one = np.array([[1.0, np.nan], [2.0, np.nan]], dtype=np.float32)
    other = np.array([[np.nextafter(np.float32(1), np.float32(2)), np.nan], [2.0, 0.0]], dtype=np.float32)
    assert differing(one, other).tolist() == [1, 1]
    assert differing(one, one).tolist() == [0, 0]
