"""Queries of what a service keeps: events, webhooks and their deliveries, calls that are answered once, work that was asked for. Its lists are `reading`."""
