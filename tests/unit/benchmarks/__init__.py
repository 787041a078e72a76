"""What the benchmarks hold the worker to."""
