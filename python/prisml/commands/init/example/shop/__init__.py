"""A small shop: customers, their orders, and the tickets that they write."""
