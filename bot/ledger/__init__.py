"""The relational rules, as Ibis expressions: table to table, nothing executed."""
