"""The lines to boards, one module each."""
