"""Breakdowns of typical leads, as text that a marketer can review; `python -m tests.golden` writes them anew."""
