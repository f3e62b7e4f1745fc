"""A version's report as one HTML file: how well it predicts, for whom, by what, and of which data it was made."""

from prisml.commands.page.report.page import report_page
from prisml.commands.page.report.subject import Subject

__all__ = ["Subject", "report_page"]
