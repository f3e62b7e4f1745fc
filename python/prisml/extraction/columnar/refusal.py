"""Why rows are read one by one after all."""

from __future__ import annotations


class RowByRow(Exception):  # noqa: N818 -- No error: the way that is always right is taken.
    """Columns cannot be read, or not with a result that is certainly the same; says why, without a value or a secret."""
