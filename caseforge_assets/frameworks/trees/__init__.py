"""Entries become nodes: whose parent is whose, by codes, columns, levels or indents."""
