"""PostgreSQL: tables, engine, one module of queries per noun, migrations. The only user of sqlalchemy."""
