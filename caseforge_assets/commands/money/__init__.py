"""The expected costs of requests, the costs of answers, and what is left of budgets. Prices are in `costs`."""
