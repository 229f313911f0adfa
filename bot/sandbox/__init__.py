"""Where untrusted code runs, behind one protocol."""
