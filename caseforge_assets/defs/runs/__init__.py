"""Jobs, sensors, and the life of runs."""
