"""The report of a candidate, made of the production engine's predictions while training."""

from prisml.training.report.make import make_report

__all__ = ["make_report"]
