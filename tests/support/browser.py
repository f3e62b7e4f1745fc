"""A real browser without a window: what it makes of a page."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.support.servers import MissingProgramError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_POLICY = re.compile(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>")
_RESULT = re.compile(r"<pre id=\"measured\">(.*?)</pre>", re.DOTALL)


class Browser:
    """Chromium, with a profile of its own in ``folder``."""

    def __init__(self, folder: Path) -> None:
        found = next((path for path in map(shutil.which, NAMES) if path), None)
        if found is None:
            raise MissingProgramError("No browser is installed; on Debian: apt-get install chromium")
        self._program = found
        self._folder = folder

    def read(self, page: str, *, width: int = 1240, dark: bool = False) -> tuple[str, list[str]]:
        """The document after the browser has read and laid it out, and what it said on its console."""
        file = self._folder / "page.html"
        file.write_text(page, encoding="utf-8")
        command = [*self._started(width, 1600, dark=dark), "--enable-logging=stderr", "--v=0", "--dump-dom", file.as_uri()]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return run.stdout, [line for line in run.stderr.splitlines() if "CONSOLE" in line]

    def photograph(self, page: Path, picture: Path, *, width: int, height: int, dark: bool = False) -> None:
        """Write a picture of the page's top, that many pixels large, as PNG."""
        command = [*self._started(width, height, dark=dark), f"--screenshot={picture}", page.as_uri()]
        subprocess.run(command, capture_output=True, check=True, timeout=120)

    def _started(self, width: int, height: int, *, dark: bool) -> list[str]:
        """The words that start it, without what it is to do."""
        return [
            *(
                self._program,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--no-first-run",
            ),
            *(f"--user-data-dir={self._folder / 'profile'}", f"--window-size={width},{height}"),
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        ]

    def measure(self, page: str, script: str, **options: Any) -> Any:
        """What the script, a function's body, returns on the page, whose policy would not let it run."""
        call = f'document.getElementById("measured").textContent = JSON.stringify((() => {{{script}}})())'
        probe = f'<pre id="measured"></pre><script>{call}</script>'
        document, console = self.read(_POLICY.sub("", page).replace("</body>", f"{probe}</body>"), **options)
        (found,) = _RESULT.findall(document)
        assert found, console
        return json.loads(html.unescape(found))
