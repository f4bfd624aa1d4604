"""The tables of schema `caseforge`: columns and constraints only. Queries live in the other folders."""
