"""Decides on accounts, roles and tokens, and lets people in with a password. Recognizing callers and protecting browsers is a shell's matter."""
