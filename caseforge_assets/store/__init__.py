"""PostgreSQL: tables, engine, one module of queries per noun, migrations. The only user of sqlalchemy.

Folders have the names that the folders of `commands` have; which may import which is held by a contract in pyproject.toml.
"""
