"""Readers of a user's own data: a CSV file, a list of files, or a folder."""
