"""A definition for classes that are mapped already: what is found, what is chosen of it, and what is written."""
