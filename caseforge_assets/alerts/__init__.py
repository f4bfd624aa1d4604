"""Alerts: what is wrong and needs a person. Pure functions: figures and the time in, findings and changes out.

rules.py names what can be wrong, thresholds.py holds what may be configured, figures.py what is looked at, findings.py what is
wrong now, changes.py what that means for the alerts that are open, messages.py what people are told.
"""
