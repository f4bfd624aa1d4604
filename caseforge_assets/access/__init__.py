"""Roles, grants and callers, as plain values. Accounts and tokens are kept in the store; how a caller is recognized is a shell's matter."""
