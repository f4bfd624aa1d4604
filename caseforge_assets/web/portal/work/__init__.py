"""Pages about what was asked of models: home, plans, batches, money, what needs somebody."""
