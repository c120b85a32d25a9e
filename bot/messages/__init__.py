"""Words: views, the card document, formats."""
