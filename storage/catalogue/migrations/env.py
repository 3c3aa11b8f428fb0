"""Alembic's environment: migrations run on the catalogue's engine, under its write lock."""

from alembic import context

from storage.catalogue.database import hold
from storage.catalogue.schema import metadata

with context.config.attributes["engine"].begin() as connection:
    # Of several processes that open a new catalogue one migrates; the others wait here and find it done.
    hold(connection)
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
