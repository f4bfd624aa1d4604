"""Writes files to hand on to people: workbooks to decide on, documents and books, decks, diagrams of steps.

Plain writers on frozen records and rows: each is given an open file and writes it whole. Which contents are taken, and where files lie, is decided by `commands/exporting`.
"""
