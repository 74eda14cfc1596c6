"""Readers of a user's own data: a CSV file, a folder, a list."""
