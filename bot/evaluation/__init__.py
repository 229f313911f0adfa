"""Evaluation: run requests many times and count what holds, beside the paper's figures."""
