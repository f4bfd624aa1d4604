"""The search by meaning: a question is turned into a vector at once, which is paid for. The search by words needs no command: it is read from the store."""
