"""The environment, read once: what the service needs to know, checked at start."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings from `COUTURE_*` variables; raises ValidationError for a bad value."""

    model_config = SettingsConfigDict(env_prefix="COUTURE_", frozen=True)

    database_url: str = Field(
        default="postgresql://localhost/couture", description="libpq URL"
    )
    kafka: str = Field(default="localhost:9092", description="bootstrap servers")
    consumer: str = Field(default="couture-resolver", description="consumer group")
    session_timeout_s: int = Field(
        default=10,
        ge=2,
        le=300,
        description="silence after which a resolver's partitions go to another; no less"
        " than the broker's group.min.session.timeout.ms",
    )
    fetch_wait_ms: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="how long the broker may hold a resolver's request while nothing"
        " comes; Kafka answers at once when something does",
    )
    sole_resolver: bool = Field(
        default=False,
        description="whether no other resolver runs: then it needs no consumer group,"
        " and reads a new topic sooner",
    )
    batch_size: int = Field(default=500, ge=1, le=5_000, description="micro-batch")
    listen: str = Field(default="127.0.0.1:8080", description="API host:port")
    log_format: str = Field(default="json", pattern="^(json|console)$")
    api_workers: int = Field(default=1, ge=1, le=64, description="API processes")
    api_threads: int = Field(default=8, ge=1, le=128, description="threads of each")
    api_listeners: int = Field(
        default=0,
        ge=0,
        le=127,
        description="who may listen or wait for changes at once in an API process, a"
        " thread each; 0: a quarter of its threads",
    )
    webhooks_inside: bool = Field(
        default=False,
        description="call webhooks at private, loopback and link-local addresses too",
    )
    frozen_after_s: int = Field(
        default=30,
        ge=1,
        le=3_600,
        description="silence after which PostgreSQL takes a lock from its holder",
    )
    metrics: str = Field(
        default="", description="host:port of a resolver's figures; none if empty"
    )
    time_zone: str = Field(
        default="Europe/Paris", description="in which a promised day ends"
    )
    four_eyes_points: int = Field(
        default=5_000, ge=0, description="points above which two people must decide"
    )
    cursor_secret: str = Field(
        default="",
        repr=False,
        description="signs the API's cursors; without it they end with the process",
    )

    @field_validator("kafka")
    @classmethod
    def _host_and_port(cls, servers: str) -> str:
        for one in servers.split(","):
            host, _, port = one.strip().rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
                raise ValueError("it is host:port, or several with commas between")
        return servers

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is no time zone, such as Europe/Paris") from error
        return name
