"""Rows of a database become the encoded matrix: one statement, one snapshot, page by page."""
