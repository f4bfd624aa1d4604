"""Commands that start or steer what runs beside the command line: database, servers, Dagster, sensors, alerts. What these do is none of the command line's."""
