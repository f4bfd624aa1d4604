"""Money and tokens, Decimal throughout: usage, prices, estimates, budgets."""
