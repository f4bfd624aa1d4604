"""From pending requests to batches that the provider has for certain: chosen, planned, written, created once, looked up, adopted. What became of them later is `rounds` and `collecting`."""
