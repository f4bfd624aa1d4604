"""A whole project as one file, and the way back."""
