"""What commands tell of, in their own transactions: events for streams and webhooks, and the numbering that puts these in an order. Delivery is elsewhere."""
