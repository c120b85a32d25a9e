"""One file per place where cost is recorded."""
