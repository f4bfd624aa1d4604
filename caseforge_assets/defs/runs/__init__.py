"""Jobs, sensors, and the life of runs. They ask for work and decide nothing of it."""
