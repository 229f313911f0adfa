"""What a bench measured, from a hostile artifact to a comment, a check for each board, and a base:

artifact ─► reading ─► judging (with truth, base) ─► posting
"""
