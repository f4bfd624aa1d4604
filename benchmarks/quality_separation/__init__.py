"""Measures how far the quality score tells real answers from damaged copies of them: damages, the measure of separation, and the table."""
