"""What happens, as it happens: streams of events, and messages of providers. Delivering to webhooks is a command (`telling`)."""
