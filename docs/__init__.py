"""Documentation; generate.py writes the pages that are made from the code."""
