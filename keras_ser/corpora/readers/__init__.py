"""Readers of published corpora, one module per corpus."""
