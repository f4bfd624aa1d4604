"""Events as they happen: streams to listeners, and messages from providers. Delivering to webhooks is a command (`telling`)."""
