"""How fast, and how large: measured, so that nobody need guess."""
