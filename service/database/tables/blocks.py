"""Blocking keys that too many records have."""

from sqlalchemy import BigInteger, Column, text
from sqlmodel import Field, SQLModel


class SuspendedKey(SQLModel, table=True):
    """A blocking key of more records than a block may have: it finds no candidates.

    `recheck` says that a record left the block since.
    """

    __tablename__ = "suspended_key"

    key: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    recheck: bool = Field(sa_column_kwargs={"server_default": text("false")})
