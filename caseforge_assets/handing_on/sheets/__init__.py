"""Rows as files: tables for programs, the sheets of a workbook for managers, and the sheet to decide on, read back."""
