"""A person's decisions on plans: approving, declining, cancelling, raising, and `retry`'s plans of failed nodes. Nothing is sent here."""
