"""Everything that touches a vendor, a database or a chat: one folder per kind of outside."""
