"""Somebody else's application: the tables of Chinook, a shop of music, and a field that its owner adds in a few lines."""
