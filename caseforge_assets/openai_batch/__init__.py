"""The provider's door: the only user of the openai SDK."""
