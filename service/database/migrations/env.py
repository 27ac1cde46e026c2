"""Alembic's entry: runs on the connection that `connection.migrate` opened."""

from alembic import context
from sqlmodel import SQLModel

import service.database.tables  # noqa: F401 - fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
