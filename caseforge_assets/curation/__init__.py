"""People's judgements of the ideas: where a use case stands on its way, and what comes first. Plain values and rules; the store keeps them, shells show them."""
