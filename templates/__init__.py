"""Data files: worked projects, firmware sources, and texts that people read."""
