"""Events for streams and webhooks: told by commands in their own transactions, numbered to put them in an order, delivered to webhooks, removed in time."""
