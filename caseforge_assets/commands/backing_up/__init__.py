"""A whole project as one file, and the way back. What is in its database comes back by the journal alone (`keeping`)."""
