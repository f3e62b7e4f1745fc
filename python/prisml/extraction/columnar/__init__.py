"""Extraction in columns: record batches of Arrow's, read from PostgreSQL through ADBC, with the results of reading row by row."""
