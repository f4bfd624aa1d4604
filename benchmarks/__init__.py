"""Benchmarks: what CaseForge's own work costs, in seconds and bytes. Run by hand, never by the tests."""
