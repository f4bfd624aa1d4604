"""Commands before anything is sent: plan, approve, preview, generate, retry. What is under way is `watching`."""
