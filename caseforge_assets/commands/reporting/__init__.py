"""What is said of a whole framework or of batches under way: verdicts, summaries, views."""
