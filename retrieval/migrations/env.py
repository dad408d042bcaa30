"""Run migrations on the connection, and inside the transaction, that `retrieval.database` hands over."""

from alembic import context

from retrieval.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
