"""The command line: one file per group of commands, each a call into a service."""
