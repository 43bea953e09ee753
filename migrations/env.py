"""How Alembic finds the database and the models: through the running application."""

from alembic import context
from flask import current_app

database = current_app.extensions["migrate"].db


def run_migrations() -> None:
    with database.engine.connect() as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        if on_sqlite:  # it alters a table by making it anew, which must not take away what refers to it
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if on_sqlite:
            connection.rollback()
            raw = connection.connection.dbapi_connection
            if raw.execute("PRAGMA foreign_key_check").fetchone():
                raise RuntimeError("after the migration something refers to a row that is not there")
            raw.execute("PRAGMA foreign_keys=ON")


if context.is_offline_mode():
    raise SystemExit("Migrations need a database to run against.")
run_migrations()
