"""Synthetic speech and noise, which the package generates itself."""
