"""One renderer per place where people read."""
