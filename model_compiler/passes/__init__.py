"""Rewriting a model before its arena is planned; the answers stay the same bytes."""
