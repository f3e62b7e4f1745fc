"""How Sphinx builds the documentation; ``make docs`` runs it."""

import sys
from pathlib import Path

from prisml import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "PrisML"
author = "PrisML contributors"
copyright = "2026, PrisML contributors"
release = version = __version__

# commands is the file beside this one.
extensions = ["myst_parser", "sphinx.ext.autodoc", "commands"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

# A reference that leads nowhere is a warning, but for names of other projects, whose indexes are not fetched, and for type variables.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!prisml\b).*"), ("py:.*", r".*\.[A-Z]")]

html_theme = "furo"
html_title = "PrisML"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
