"""The provider that commands work with: who it is, which models it has, what they accept. Sending and fetching are elsewhere."""
