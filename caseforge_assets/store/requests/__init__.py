"""Requests: current, pending, answered by reuse, and in which styles they were made. What they came to is `collecting`."""
