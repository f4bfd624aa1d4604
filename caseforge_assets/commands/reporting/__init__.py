"""Reports on a whole framework or on batches under way: verdicts, summaries, views. Nothing is changed; judging figures is `reports`."""
