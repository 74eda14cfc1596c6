"""Attempts to get a wrong number out of the package, one module per promise."""
