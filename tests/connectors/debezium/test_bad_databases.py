"""What a database may refuse: each is told with its remedy before anything is read."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors import settings
from connectors.contract import ConnectorError, RetryLater, StopSource
from connectors.debezium.mariadb import MariaDBConfig, MariaDBConnector
from connectors.debezium.postgresql import PostgresConfig, PostgresConnector
from schemas import wire
from service.local.servers import EmbeddedPostgres
from tests.connectors.connector_process import Process, Topic, wait_until
from tests.mariadb.server import MariaDB, start_mariadb

PASSWORD = "not-to-be-told"


def on_postgresql(dsn: str, *tables: str) -> PostgresConnector:
    said = {"kind": "postgresql", "system": "pos", "dsn": dsn}
    return PostgresConnector(settings.parse(PostgresConfig, said), tables)


def on_mariadb(dsn: str, *tables: str) -> MariaDBConnector:
    said = {"kind": "mariadb", "system": "pos", "dsn": dsn}
    config = settings.parse(MariaDBConfig, said)
    return MariaDBConnector(config, tables, {}, bootstrap="127.0.0.1:9")


def refusal(connector: Any, kind: type[ConnectorError] = StopSource) -> str:
    """Return what is told, which names no password."""
    with pytest.raises(kind) as told:
        connector.check()
    said = str(told.value)
    assert told.value.remedy
    assert PASSWORD not in said
    return said


def certificate(folder: Path) -> None:
    """Write a certificate that signs itself, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=9))
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(exist_ok=True)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@pytest.fixture
def guarded(postgres: EmbeddedPostgres, till: str) -> Iterator[Callable[..., str]]:
    """Roles with a password on the embedded server: the URL of the till for a role."""
    with psycopg.connect(till, autocommit=True) as admin:
        row = admin.execute("SHOW hba_file").fetchone()
        assert row is not None
        rules = Path(row[0])
        before = rules.read_text()
        rules.write_text("host all guarded 127.0.0.1/32 scram-sha-256\n" + before)
        admin.execute(f"CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'".encode())
        admin.execute("SELECT pg_reload_conf()")
        try:
            yield lambda password=PASSWORD: till.replace(
                "postgres@", f"guarded:{password}@"
            )
        finally:
            rules.write_text(before)
            admin.execute("SELECT pg_reload_conf()")
            admin.execute("DROP OWNED BY guarded")
            admin.execute("DROP ROLE guarded")


def test_postgresql_refuses_a_password_a_right_and_a_table(
    guarded: Callable[..., str], till: str
) -> None:
    said = refusal(on_postgresql(guarded("wrong-and-not-told"), "customer"))
    assert "password authentication failed" in said
    assert "wrong-and-not-told" not in said
    assert "may not replicate" in refusal(on_postgresql(guarded(), "customer"))
    with psycopg.connect(till, autocommit=True) as admin:
        admin.execute("ALTER ROLE guarded REPLICATION")
        said = refusal(on_postgresql(guarded(), "customer"))
        assert "may not read the table public.customer" in said
        admin.execute("CREATE TABLE free (id int)")
    assert "no table public.nowhere" in refusal(on_postgresql(till, "nowhere"))
    assert "free has no primary key" in refusal(on_postgresql(till, "free"))


PEOPLE = """
tables:
  crm.person:
    kind: customer
    id: id
    fields: { family_name: name }
"""


def test_a_user_captures_once_what_is_named_is_granted(
    guarded: Callable[..., str], till: str, broker: str, tmp_path: Path
) -> None:
    """The publication is of the tables' owner, who is another."""
    connector = on_postgresql(guarded(), "crm.person", "customer")
    with psycopg.connect(till, autocommit=True) as admin:
        admin.execute(
            "CREATE SCHEMA crm;"
            "CREATE TABLE crm.person (id int PRIMARY KEY, name text);"
            "INSERT INTO crm.person VALUES (1, 'Roux')"
        )
        told = []
        for _ in range(4):
            with pytest.raises(StopSource) as refused:
                connector.check()
            told.append(str(refused.value.problem))
            admin.execute(refused.value.remedy.partition("once: ")[2].encode()
                          or refused.value.remedy.encode())  # fmt: skip
        connector.check()
        assert [one.split("guarded ")[1] for one in told] == [
            "may not replicate.",
            "may not read the table crm.person.",
            "may not read the table public.customer.",
            "may not publish crm.person, which it does not own.",
        ]

        (tmp_path / "mapping.yaml").write_text(PEOPLE)
        settings_file = tmp_path / "crm.toml"
        settings_file.write_text('kind = "postgresql"\nmapping = "mapping.yaml"\n')
        admin.execute("ALTER PUBLICATION couture_pos RENAME TO couture_crm")
        environ = {"COUTURE_CRM_DSN": guarded(), "COUTURE_KAFKA": broker}
        options = ("crm", "--config", str(settings_file))
        with Process(tmp_path, "run", *options, environ=environ) as process:
            process.wait_for('"streaming"')
            admin.execute("INSERT INTO crm.person VALUES (2, 'Rey')")
            with Topic(broker, wire.source_topic("crm")) as topic:
                wait_until(lambda: len(topic.state()) == 2, lambda: process.said)


def test_what_a_publication_or_a_policy_leaves_out_is_named(
    guarded: Callable[..., str], till: str
) -> None:
    with psycopg.connect(till, autocommit=True) as admin:
        admin.execute(
            "ALTER ROLE guarded REPLICATION;"
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guarded;"
            "CREATE PUBLICATION couture_pos FOR TABLE customer"
        )
        said = refusal(on_postgresql(guarded(), "customer", "sale"))
        assert "couture_pos, of another user, lacks public.sale" in said
        assert 'ALTER PUBLICATION couture_pos ADD TABLE "public"."sale";' in said

        admin.execute("ALTER TABLE customer ENABLE ROW LEVEL SECURITY")
        said = refusal(on_postgresql(guarded(), "customer"))
        assert "Row-level security may hide rows of public.customer" in said
        admin.execute("ALTER ROLE guarded BYPASSRLS")
        on_postgresql(guarded(), "customer").check()


def test_a_user_who_owns_tables_in_a_database_of_another_is_told(
    guarded: Callable[..., str], till: str
) -> None:
    with psycopg.connect(till, autocommit=True) as admin:
        admin.execute(
            "ALTER ROLE guarded REPLICATION; ALTER TABLE customer OWNER TO guarded"
        )
        said = refusal(on_postgresql(guarded(), "customer"))
        assert "may not publish tables in this database" in said
        assert "GRANT CREATE ON DATABASE" in said
        admin.execute("ALTER TABLE customer OWNER TO postgres")


def test_postgresql_without_a_slot_left_is_told(till: str) -> None:
    with psycopg.connect(till, autocommit=True) as admin:
        free = (
            "SELECT current_setting('max_replication_slots')::int - count(*)::int"
            " FROM pg_replication_slots"
        )
        row = admin.execute(free).fetchone()
        assert row is not None
        fill = "SELECT pg_create_physical_replication_slot('full_' || %s)"
        try:
            for number in range(row[0]):
                admin.execute(fill, [number])
            assert "no replication slot left" in refusal(on_postgresql(till, "sale"))
        finally:
            admin.execute(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                " WHERE slot_name LIKE 'full_%'"
            )
    on_postgresql(till, "sale").check()


def test_postgresql_whose_encryption_fails_is_told(till: str, tmp_path: Path) -> None:
    certificate(tmp_path / "other")
    authority = tmp_path / "other" / "cert.pem"
    dsn = f"{till}?sslmode=verify-full&sslrootcert={authority}"
    assert "certificate or encryption" in refusal(on_postgresql(dsn, "sale"))


def test_mariadb_refuses_a_password_a_database_a_right_and_a_table(
    mariadb: MariaDB, till_on_mariadb: str
) -> None:
    name = till_on_mariadb
    right = mariadb.url(name)
    on_mariadb(right, "customer", "sale").check()
    assert "refused" in refusal(
        on_mariadb(mariadb.url(name, password=PASSWORD), "sale")
    )
    assert "refused" in refusal(on_mariadb(mariadb.url("nowhere"), "sale"))
    assert "no table nowhere" in refusal(on_mariadb(right, "nowhere"))
    mariadb.run("CREATE TABLE free (id int)", name)
    assert "free has no primary key" in refusal(on_mariadb(right, "free"))
    away = right.replace(str(mariadb.port), "9")
    assert "does not answer" in refusal(on_mariadb(away, "sale"), RetryLater)
    with pytest.raises(StopSource, match="no URL of a MariaDB database"):
        on_mariadb("postgresql://x@y/z", "sale")

    mariadb.run(f"CREATE USER guarded@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
    mariadb.run(f"GRANT SELECT ON {name}.sale TO guarded@'127.0.0.1'")
    guarded = mariadb.url(name, "guarded", PASSWORD)
    assert "lacks the right REPLICATION SLAVE" in refusal(on_mariadb(guarded, "sale"))
    mariadb.run(
        "GRANT REPLICATION SLAVE, BINLOG MONITOR, RELOAD ON *.* TO guarded@'127.0.0.1'"
    )
    said = refusal(on_mariadb(guarded, "customer"))
    assert "may not read the table customer" in said


@pytest.mark.parametrize(
    ("setting", "bad", "good"),
    [("binlog_format", "STATEMENT", "ROW"), ("binlog_row_image", "MINIMAL", "FULL")],
)
def test_mariadb_whose_log_does_not_tell_all_is_told(
    mariadb: MariaDB, till_on_mariadb: str, setting: str, bad: str, good: str
) -> None:
    mariadb.run(f"SET GLOBAL {setting} = {bad}")
    try:
        said = refusal(on_mariadb(mariadb.url(till_on_mariadb), "sale"))
    finally:
        mariadb.run(f"SET GLOBAL {setting} = {good}")
    assert f"{setting} is {bad}" in said


def test_mariadb_whose_certificate_fails_is_told(tmp_path: Path) -> None:
    certificate(tmp_path / "own")
    certificate(tmp_path / "other")
    own, other = tmp_path / "own", tmp_path / "other"
    with start_mariadb(tls=own) as server:
        server.run("CREATE DATABASE till")
        server.run("CREATE TABLE sale (id int PRIMARY KEY)", "till")
        dsn = server.url("till") + "?ssl_mode=verify-ca&ssl_ca={}/cert.pem"
        on_mariadb(dsn.format(own), "sale").check()
        said = refusal(on_mariadb(dsn.format(other), "sale"))
        assert "certificate" in said
