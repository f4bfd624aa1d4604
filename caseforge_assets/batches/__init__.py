"""Batches as plain values: custom ids, JSONL lines, packing, states, outcomes, next actions. No I/O."""
