"""Verbs: ingest, converse and the rest; they talk to ports only."""
