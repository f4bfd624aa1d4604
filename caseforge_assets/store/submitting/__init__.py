"""Batches and what they are written from, their providers, and what is to be looked at again. Attempts, which have their answers, are `collecting`."""
