"""Similar use cases: how well same ideas are told from others, how long groups take, and what an update costs."""
