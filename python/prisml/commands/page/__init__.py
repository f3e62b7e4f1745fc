"""A model's history as one HTML file: what served when, which experiments ran, and the metrics of every version."""

from prisml.commands.page.page import history_page, render

__all__ = ["history_page", "render"]
