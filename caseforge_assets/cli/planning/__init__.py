"""Commands before anything is sent: plan, approve, preview, generate, retry."""
