"""Benchmarks in asv's layout; every module also prints its table: ``python -m benchmarks.spectra``."""
