"""The objects of a stream, a module for each: from spec to manifest, and nothing else."""
