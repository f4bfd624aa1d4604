"""Saves reading twice: answers and figures that are kept until anything changes, entity tags, one look for all who ask. What goes over the wire is `wire`."""
