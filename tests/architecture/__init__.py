"""The drawing of the house, held against what stands there."""
