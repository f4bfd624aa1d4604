"""The verbs: one function a file, called alike by the command line, Dagster and whatever else is to come. No Dagster in here, no SQL, no SDK.

Folders stand in the order in which data passes; which may import which is held by a contract in pyproject.toml.
"""
