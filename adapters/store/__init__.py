"""The database: tables, repositories, migrations, bulk load."""
