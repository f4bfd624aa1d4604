"""Answers that were paid for elsewhere: appraised, imported, taken back."""
