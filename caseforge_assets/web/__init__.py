"""The service over HTTP: a shell on commands and read models, as the command line and Dagster are. It knows neither SQL nor Dagster nor the SDK.

Nothing is kept in the process: several of them, on several machines, serve the same database.
"""
