"""The pages of the documentation are tests too."""

from tests.docs.collect import pytest_collect_file

__all__ = ["pytest_collect_file"]
