"""The verbs: one function a file, with store and client as arguments. No Dagster in here."""
