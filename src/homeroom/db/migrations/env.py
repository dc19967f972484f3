"""How Alembic runs a migration: on the connection, and in the transaction, of whoever asked for it."""

from alembic import context

attributes = context.config.attributes
context.configure(connection=attributes["connection"], **attributes.get("options", {}))
context.run_migrations()
