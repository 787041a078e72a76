"""What alembic runs around the steps: on the connection, and in the transaction, that `upgrade` gives it."""

from alembic import context

# SQLite can undo a CREATE TABLE too; alembic only trusts it to when told so.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
