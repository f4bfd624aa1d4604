"""Rounds of work at a provider: reconcile, poll, collect, plan, submit, until nothing is left to do. Each step is elsewhere; here is their order and when it ends."""
