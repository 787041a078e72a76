"""The worker and the sandbox portal in one process, in virtual time: whatever a seed lets happen, promises hold.

`python -m tests.simulation --seeds 1000`, or `make simulate SEEDS=1000`. A seed that fails is played again, step by
step, with `--seed 4711 --trace`.
"""
