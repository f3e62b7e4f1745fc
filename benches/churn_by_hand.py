"""What the churn example's SQL must give, from the raw file with pandas: no line of this module is PrisML's, nor the example's."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import pandas as pd

DOLLARS = frozenset({"spent_ever", "spent_90d", "spent_180d", "mean_order_ever", "mean_order_180d"})
"""The features that add up fractions: the order in which a database adds may show in the last bit of float32."""


class ByHand:
    """Every purchase of the file, or only those of the first ``customers``."""

    def __init__(self, customers: int | None = None) -> None:
        names = ["customer", "day", "discs", "dollars"]
        frame = pd.read_csv(_file(), sep=r"\s+", skiprows=1, names=names, dtype={"day": str})
        frame["day"] = pd.to_datetime(frame["day"], format="%Y%m%d")
        self.frame = frame if customers is None else frame[frame["customer"] <= customers]

    def seen(self, day: date) -> pd.DataFrame:
        """Each feature, and ``label``, of those who had bought before ``day``, in the order of their numbers."""
        frame, moment = self.frame, pd.Timestamp(day)
        before = frame[frame["day"] < moment]
        first = before.groupby("customer")["day"].min()
        known = first.index
        found = pd.DataFrame(index=known)
        found["days_since_first"] = (moment - first).dt.days
        found["days_since_last"] = (moment - before.groupby("customer")["day"].max()).dt.days
        for name, days in {"ever": None, "30d": 30, "90d": 90, "180d": 180}.items():
            window = before if days is None else before[before["day"] >= moment - pd.Timedelta(days=days)]
            bought = window.groupby("customer")
            found[f"orders_{name}"] = bought.size().reindex(known, fill_value=0)
            found[f"bought_{name}"] = known.isin(window["customer"])
            found[f"discs_{name}"] = bought["discs"].sum().reindex(known, fill_value=0)
            found[f"spent_{name}"] = bought["dollars"].sum().reindex(known, fill_value=0.0)
            found[f"mean_order_{name}"] = bought["dollars"].mean().reindex(known)
            found[f"largest_order_{name}"] = bought["dollars"].max().reindex(known)
        after = frame[(frame["day"] >= moment) & (frame["day"] < moment + pd.Timedelta(days=90))]
        found["label"] = ~known.isin(after["customer"])
        return found


def _file() -> Path:
    spec = importlib.util.find_spec("lifetimes")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("The package lifetimes is not installed.", name="lifetimes")
    return Path(spec.origin).parent / "datasets" / "CDNOW_master.txt"
