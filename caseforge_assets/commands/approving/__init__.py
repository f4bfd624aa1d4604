"""What a person decides of plans: approved, declined, cancelled, raised, and the plans of failed nodes that `retry` makes. Nothing is sent here."""
