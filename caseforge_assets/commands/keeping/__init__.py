"""Keeping what was paid for: that it is there, takes up little, and can come back; verify, restore, archive. What the journal is made of is `journaling`."""
