"""Alembic's environment: migrations run on the engine the catalogue hands over."""

from alembic import context

from storage.catalogue.schema import metadata

with context.config.attributes["engine"].begin() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
