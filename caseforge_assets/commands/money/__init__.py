"""What requests are expected to cost, what they did cost, and what is left of budgets. Prices are in `costs`."""
