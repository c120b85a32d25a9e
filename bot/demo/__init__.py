"""The company in a box: made-up vendor files for a first look."""
