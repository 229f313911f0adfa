"""Instruments that measure what a board takes."""
