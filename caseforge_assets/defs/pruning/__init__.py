"""What is old in Dagster's history and may go."""
