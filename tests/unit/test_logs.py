"""The catalogue of what is logged: complete, true to the page, and silent until somebody listens."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from prisml import logs
from prisml.logs import EVENTS, Event

ROOT = Path(__file__).parents[2]
OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""What every record has already; a field of that name would be refused."""


def test_importing_prisml_touches_no_logger_but_its_own():
    """``import prisml`` and its first name set no level and no handler but a null one, and leaves the root logger alone."""
    code = (
        "import logging, prisml; prisml.load; own, root = logging.getLogger('prisml'), logging.getLogger()\n"
        "print([type(each).__name__ for each in own.handlers], own.level, own.propagate, root.handlers, root.level == logging.WARNING)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "['NullHandler'] 0 True [] True\n"


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.name)
def test_an_event_can_be_logged(event: Event):
    """Its message names fields that it has, and none of them is called like what a record has already."""
    assert set(re.findall(r"%\((\w+)\)", event.message)) <= set(event.fields)
    assert not OWN & {*event.fields, "event"}
    assert event.level in {logging.DEBUG, logging.INFO, logging.WARNING}


def test_every_event_is_logged_somewhere_and_no_other_logger_is_used():
    """Each is used outside its catalogue, and nothing of PrisML logs but through it."""
    names = {name for name, value in vars(logs).items() if isinstance(value, Event)}
    assert len(names) == len(EVENTS)
    sources = {path: path.read_text() for path in (ROOT / "python" / "prisml").rglob("*.py") if path.name != "logs.py"}
    assert {name for name in names if not any(re.search(rf"\b{name}\b", source) for source in sources.values())} == set()
    assert [path.name for path, source in sources.items() if "getLogger" in source] == ["log.py"]


def test_the_page_lists_every_event():
    """The table of the how-to page has each event with its level and its fields, in this order."""
    page = (ROOT / "docs" / "how-to" / "logging.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_.]+)` \| (DEBUG|INFO|WARNING) \| .+? \| (.+?) \|$", page, re.MULTILINE)
    listed = [(name, level, tuple(re.findall(r"`(\w+)`", fields))) for name, level, fields in rows]
    assert listed == [(event.name, logging.getLevelName(event.level), event.fields) for event in EVENTS.values()]
