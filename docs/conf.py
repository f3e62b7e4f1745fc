"""How Sphinx builds the documentation; ``make docs`` runs it."""

from prisml import __version__

project = "PrisML"
author = "PrisML contributors"
copyright = "2026, PrisML contributors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

html_theme = "furo"
html_title = "PrisML"
