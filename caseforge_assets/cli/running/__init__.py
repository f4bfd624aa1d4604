"""Commands that start or steer what runs beside the command line: database, servers, Dagster, sensors, alerts."""
