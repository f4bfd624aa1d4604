"""What the model is told about a node: its ancestors and itself, bounded in length."""
