"""What happens, as it happens: streams of events, and webhooks in both directions."""
