"""The data, typed, and nothing else."""
