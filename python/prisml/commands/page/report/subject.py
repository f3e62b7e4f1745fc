"""What a report is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prisml.manifest import Interval, Manifest, Task
from prisml.report import Report

if TYPE_CHECKING:
    from prisml.registry.versions import Version

_HEADLINES: dict[Task, tuple[str, ...]] = {
    "binary": ("roc_auc", "average_precision", "brier", "ece"),
    "multiclass": ("accuracy", "f1_macro", "roc_auc_ovr", "log_loss"),
    "regression": ("r2", "mae", "rmse", "median_ae"),
}


@dataclass(frozen=True)
class Subject:
    """A manifest, the report that belongs to it (None: none was made), and the version that they are of where they are published."""

    manifest: Manifest
    report: Report | None
    version: Version | None = None

    @property
    def title(self) -> str:
        """``churn, version 4``."""
        return self.manifest.name if self.version is None else f"{self.manifest.name}, version {self.version.number}"

    @property
    def is_measured(self) -> bool:
        """Whether it was trained here, and not elsewhere on data that nobody knows here."""
        return self.manifest.parity.source == "measured"

    @property
    def headlines(self) -> dict[str, Interval]:
        """The metrics that are told first."""
        metrics = self.manifest.metrics
        return {name: metrics[name] for name in _HEADLINES[self.manifest.task] if name in metrics}
