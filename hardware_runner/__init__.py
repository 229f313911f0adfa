"""Build firmware, run it on a real or emulated board, and report what was measured."""
