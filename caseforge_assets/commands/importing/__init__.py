"""Answers that were paid for elsewhere: appraised, imported, taken back. They are recorded as in `collecting`."""
