"""Sheets become entries: columns, rows, cells, codes. Which entry is whose parent is decided in `trees`."""
