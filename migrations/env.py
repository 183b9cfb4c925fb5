"""Runs the steps on the connection that `petition migrate` hands over. Imports nothing of ours."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=None,
    # SQLite changes a table by copying it.
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
