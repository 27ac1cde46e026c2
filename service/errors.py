"""The service's errors, named by what the caller should do; a cause is always kept."""

from __future__ import annotations


class ServiceError(Exception):
    """Something the service cannot do; `remedy` says what to do about it."""

    remedy: str = ""
    retriable: bool = False

    def __init__(self, detail: str, *, remedy: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if remedy is not None:
            self.remedy = remedy

    def sentence(self) -> str:
        """Return what happened and what to do, for a person at a terminal."""
        return f"{self.detail} {self.remedy}".strip()


class DatabaseUnavailable(ServiceError):
    """PostgreSQL does not answer: try again later."""

    retriable = True
    remedy = "Check that it runs and that COUTURE_DATABASE_URL names it."


class DatabaseNotMigrated(ServiceError):
    """The database answers but has not our tables: migrate it."""

    remedy = "Run `couture migrate`."


class BrokerUnavailable(ServiceError):
    """Kafka does not answer: try again later."""

    retriable = True
    remedy = "Check that it runs and that COUTURE_KAFKA names it."


class ServerDidNotStart(ServiceError):
    """A child process of ours failed at its start: read its log."""


class PortTaken(ServiceError):
    """Another program listens there: choose another address."""

    remedy = "Stop the other program, or set COUTURE_LISTEN to a free host:port."


class Misconfigured(ServiceError):
    """A setting or a declaration is wrong: correct it before the start."""


class UnknownKey(ServiceError):
    """There is no API key of that id: list the keys."""

    remedy = "List the keys with `couture key list`."


class UnknownScope(ServiceError):
    """A scope is not one of ours: choose a known one."""


class KeyRefused(ServiceError):
    """A request came without a key that is valid now: get one."""

    remedy = "Send `Authorization: Bearer couture_...` with a key that is not revoked."


class ScopeMissing(ServiceError):
    """The key is valid but may not do this: ask for a key with the scope."""


class UnknownCustomer(ServiceError):
    """There is no such customer."""

    remedy = "Look the person up with `GET /v1/customers` or `couture search`."
