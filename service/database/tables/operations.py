"""What connectors last said of themselves."""

from datetime import datetime
from typing import Any

from sqlmodel import SQLModel

from service.database.tables.columns import json_column, text_column, time_column


class ConnectorState(SQLModel, table=True):
    """The last status of one connector, as the relay read it from Kafka."""

    __tablename__ = "connector_state"

    system: str = text_column(primary_key=True)
    status: dict[str, Any] = json_column()
    at: datetime = time_column()
