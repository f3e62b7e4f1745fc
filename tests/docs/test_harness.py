"""The machinery that runs the snippets of the documentation: what it does with each block, and that it fails where a page is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.blocks import read
from tests.docs.givens import GIVENS
from tests.docs.surroundings import run
from tests.docs.world import SnippetError

Running = Callable[[str], None]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    """Runs a page of that text."""

    def run_text(text: str) -> None:
        page = tmp_path / f"page{len(list(tmp_path.iterdir()))}.md"
        page.write_text(text, encoding="utf-8")
        run(read(page), GIVENS)

    return run_text


def test_files_are_imported_and_commands_typed(running: Running):
    """A named block is a file that later blocks import and commands run; `await`, variables and exit codes are as in a terminal."""
    running(
        """
```python
# goods/prices.py
BREAD = 3
if __name__ == "__main__":
    import os, sys
    sys.exit(int(os.environ["CODE"]))
```

```console
export CODE=4
```

<!-- exit: 4 -->
```console
echo bread > list.txt && grep -q bread \\
  list.txt
python goods/prices.py
```

```python
import asyncio
from pathlib import Path
from goods.prices import BREAD

await asyncio.sleep(0)
assert BREAD == 3
assert Path("list.txt").read_text() == "bread\\n"
```

```pycon
>>> BREAD + 1
4
```

<!-- file: settings.json -->
```json
{"bread": 3}
```

```python
assert Path("settings.json").is_file()
```
"""
    )


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("```console\nprisml versions nobody\n```", "exit code 2 of: prisml versions nobody"),
        ("```console\nfalse\n```", "exit code 1 of: false"),
        ('```console\npip install "prisml[tarin]"\n```', "There is no extra tarin"),
        ("<!-- exit: 1 -->\n```console\ntrue\n```", "exit code 0 of: true"),
        ("```pycon\n>>> 1 + 1\n3\n```", "Expected:\n    3"),
        ("```toml\na = \n```", "no toml"),
        ("```json\n{'a': 1}\n```", "no json"),
        ("```yaml\na: [\n```", "no yaml"),
        ("```ini\na\n```", "no ini"),
        ("```bash\ntrue\n```", "the language 'bash'"),
        ("```\ntrue\n```", "no language"),
    ],
)
def test_a_block_that_is_wrong_fails(running: Running, block: str, said: str):
    """What does not do what it says is an error that says why."""
    with pytest.raises(SnippetError) as error:
        running(block)
    assert said in str(error.value)


def test_python_that_is_wrong_fails_at_its_line(running: Running):
    """An assert that does not hold fails the page, at the page's own line."""
    with pytest.raises(AssertionError) as error:
        running("# A page\n\n```python\nbread = 3\nassert bread == 4\n```\n")
    assert error.traceback[-1].lineno == 4


@pytest.mark.parametrize(
    "text", ["<!-- not-run: no -->\n```text\n```", "<!-- notrun: no -->\n```text\n```", "<!-- exit: 1 -->\n\nWords.\n"]
)
def test_a_note_that_would_do_nothing_is_refused(running: Running, text: str):
    """A note that nobody knows, or that stands above no block, is an error."""
    with pytest.raises(ValueError, match=r"comment says|right above a block"):
        running(text)


def test_a_block_that_is_not_run_is_not_run(running: Running):
    """Where the page says so, nothing happens."""
    running("<!-- not run: it would fail -->\n```python\nraise ValueError\n```\n\n```text\nanything\n```\n\n```{toctree}\nanything\n```\n")


def test_the_process_is_as_before(running: Running):
    """Folder, environment, path and modules are those that were there before, also after a page that fails."""
    before = (Path.cwd(), dict(os.environ), list(sys.path), set(sys.modules))
    with pytest.raises(ZeroDivisionError):
        running("```console\nexport BREAD=3\n```\n```python\n# own.py\n```\n```python\nimport own\n1 / 0\n```\n")
    assert (Path.cwd(), dict(os.environ), list(sys.path)) == before[:3]
    assert "own" not in sys.modules
    assert "page" not in sys.modules
