"""Definitions of one's own: what `dg scaffold defs` puts here is loaded beside CaseForge's. Nothing of CaseForge belongs here."""
