"""Speech that the package generates itself."""
