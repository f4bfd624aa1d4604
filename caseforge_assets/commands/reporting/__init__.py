"""What is said of a whole framework or of batches under way: verdicts, summaries, views. Nothing is changed; judging figures is `reports`."""
