"""Addresses of databases, as hosts hand them out and as people type them."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pwd import getpwuid

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import make_url, text

from storage.database import Database
from storage.database_url import (
    InvalidDatabaseUrl,
    PostgresqlAddress,
    SqliteAddress,
    parse_database_url,
)
from storage.errors import DatabaseUnavailable, StorageError
from tests.harness.ports import free_port

only_postgresql = pytest.mark.parametrize("template", ["postgresql"], indirect=True)


def parse(url: str) -> PostgresqlAddress:
    """Read the address of a PostgreSQL database."""
    address = parse_database_url(url)
    assert isinstance(address, PostgresqlAddress)
    return address


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///data/dailies.db", Path("data/dailies.db").absolute()),
        ("sqlite:////srv/dailies.db", Path("/srv/dailies.db")),
        ("sqlite:////srv/%C3%A9%20%23.db", Path("/srv/é #.db")),
    ],
)
def test_a_file_is_below_the_working_folder_or_absolute(url: str, path: Path):
    """By the number of slashes; percent signs encode."""
    assert parse_database_url(url) == SqliteAddress(path)


KEPT = {
    "postgres://u:p@db.example/dailies": "postgres://u:p@db.example/dailies",
    "postgresql://u:p%40ss@[::1]:5432/x": "postgresql://u:p%40ss@[::1]:5432/x",
    "postgresql://u@a:1,b:2/x?target_session_attrs=read-write": (
        "postgresql://u@a:1,b:2/x?target_session_attrs=read-write"
    ),
    "postgresql:///x?host=/run/postgresql": "postgresql:/x?host=/run/postgresql",
    "postgresql://u@h/x?sslmode=verify-ca&sslrootcert=/ca.pem": (
        "postgresql://u@h/x?sslmode=verify-ca&sslrootcert=/ca.pem"
    ),
    "postgresql://u@h/x?options=-c%20search_path%3Da": (
        "postgresql://u@h/x?options=-c%20search_path%3Da"
    ),
    "postgresql://u@h/x?keepalives_idle=30&gssencmode=disable&sslsni=1": "postgresql://u@h/x",
    "postgresql://u@h/x?ssl=true": "postgresql://u@h/x?sslmode=require",
    "postgresql://u@h/x?ssl=prefer": "postgresql://u@h/x?sslmode=prefer",
    "postgresql://u@h/x?channel_binding=prefer&sslmode=require": (
        "postgresql://u@h/x?sslmode=require"
    ),
    "postgresql://u@h/x?channel_binding=require&sslmode=require&sslrootcert=/ca.pem": (
        "postgresql://u@h/x?sslmode=verify-full&sslrootcert=/ca.pem"
    ),
}


@pytest.mark.parametrize(("url", "dsn"), KEPT.items())
def test_the_driver_gets_what_it_reads_as_libpq_does(url: str, dsn: str):
    """The rest is mapped, or means nothing to it."""
    address = parse(url)
    assert (address.dsn, address.verifies_certificate) == (dsn, False)


@pytest.mark.parametrize(
    "query",
    ["sslmode=require&channel_binding=require", "sslrootcert=system", "channel_binding=require"],
)
def test_a_server_that_has_to_prove_itself_needs_a_trusted_certificate(query: str):
    """The driver cannot bind a channel; it checks the certificate against the system's."""
    address = parse(f"postgresql://u:p@h/x?{query}")
    assert address.dsn == "postgresql://u:p@h/x"
    assert address.ssl_context is not None
    assert address.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert address.ssl_context.check_hostname


@pytest.mark.parametrize(
    ("query", "seconds"),
    [("", 10), ("?connect_timeout=3", 3), ("?connect_timeout=0", 10)],
)
def test_the_time_for_connecting_can_be_set(query: str, seconds: float):
    """In seconds, as libpq has it; waiting for ever is for nobody."""
    assert parse(f"postgresql://u@h/x{query}").connect_timeout_s == seconds


PASSWORD = "s3cr3t"
REFUSED = {
    "nonsense": "must begin with",
    f"mysql://root:{PASSWORD}@host/x": "must begin with",
    f"postgresql+asyncpg://u:{PASSWORD}@h/x": "without the name of a driver",
    f"postgres+psycopg2://u:{PASSWORD}@h/x": "without the name of a driver",
    f"postgresql://u:{PASSWORD}@{PASSWORD}@h/x": "percent-encoded",
    f"postgresql://u:{PASSWORD}#x@h/x": "percent-encoded",
    f"postgresql://u:{PASSWORD}/x@h/x": "percent-encoded",
    f"postgresql://u:12?{PASSWORD}=1@h/x": "percent-encoded",
    f"postgresql://u:12/{PASSWORD}@h/x": "percent-encoded",
    f"postgresql://u:[{PASSWORD}@h/x": "percent-encoded",
    f"postgresql://u:{PASSWORD}@h:port/x": "percent-encoded",
    f"postgresql://u:{PASSWORD}@h/x?sslmode=on": "sslmode must be one of",
    f"postgresql://u:{PASSWORD}@h/x?channel_binding=yes": "channel_binding must be",
    f"postgresql://u:{PASSWORD}@h/x?connect_timeout=soon": "connect_timeout must be",
    f"postgresql://u:{PASSWORD}@h/x?search_path=a": "'search_path'",
    f"postgresql://u:{PASSWORD}@h/x?schema=public": "'schema'",
    "sqlite://": "needs a file",
    "sqlite://data.db": "needs a file",
    "sqlite:///": "needs a file",
    "sqlite:///:memory:": "needs a file",
    "sqlite:///x.db?mode=ro": "needs a file",
}


@pytest.mark.parametrize(("url", "words"), REFUSED.items())
def test_another_address_is_refused_in_words(url: str, words: str):
    """They say what to write instead, and show no part of the password."""
    with pytest.raises(InvalidDatabaseUrl, match=words) as refusal:
        parse_database_url(url)
    assert PASSWORD not in str(refusal.value)
    assert refusal.value.__cause__ is None


@only_postgresql
async def test_parameters_reach_the_session(database_url: str):
    """The application's name and options; without a name it is ours."""
    options = "options=-c%20statement_timeout%3D12345"
    async with await Database.open(f"{database_url}&application_name=mine&{options}") as database:
        shown = await database.read(
            lambda tx: tx.execute(
                text("SELECT current_setting('application_name'), current_setting(:n)"),
                {"n": "statement_timeout"},
            )
        )
        assert tuple(shown.one()) == ("mine", "12345ms")
    async with await Database.open(database_url) as database:
        shown = await database.read(lambda tx: tx.execute(text("SHOW application_name")))
        assert shown.scalar_one() == "dailies"


@asynccontextmanager
async def pooler(database_url: str, folder: Path) -> AsyncGenerator[str]:
    """Run pgbouncer in front of a database, with a connection for each transaction."""
    url, port = make_url(database_url), free_port()
    host, name = str(url.query["host"]), url.database
    owner = getpwuid(Path(host).stat().st_uid).pw_name
    users = folder / "users.txt"
    users.write_text('"postgres" ""\n')
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n{name} = host={host}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nauth_type = trust\nauth_file = {users}\npool_mode = transaction\n"
        "default_pool_size = 2\nunix_socket_dir =\n"
    )
    for path in (folder, users, config):
        path.chmod(0o755)
    program = await asyncio.create_subprocess_exec(
        "pgbouncer", "-u", owner, str(config), stderr=asyncio.subprocess.PIPE
    )
    assert program.stderr is not None
    try:
        async with asyncio.timeout(60):
            while b"process up" not in await program.stderr.readline():
                pass
        yield f"postgresql://postgres@127.0.0.1:{port}/{name}"
    finally:
        program.terminate()
        await program.communicate()


@only_postgresql
@pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="there is no pgbouncer: apt install")
async def test_a_pooler_may_change_the_connection_between_transactions(
    database_url: str, tmp_path: Path
):
    """No prepared statement outlives its transaction; without the parameter a sentence says so."""
    async with (
        pooler(database_url, tmp_path) as address,
        await Database.open(f"{address}?pgbouncer=true") as first,
        await Database.open(f"{address}?pgbouncer=true") as second,
    ):
        for _ in range(20):
            await asyncio.gather(*(one.ping() for one in (first, second) * 4))
        async with await Database.open(address) as without, await Database.open(address) as other:
            pings = [one.ping() for one in (without, other) * 80]
            told = await asyncio.gather(*pings, return_exceptions=True)
            assert any("add pgbouncer=true" in str(error) for error in told)


def self_signed(folder: Path) -> ssl.SSLContext:
    """Make a certificate for 127.0.0.1 that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_an_untrusted_certificate_is_no_outage_that_passes(tmp_path: Path):
    """Waiting would not help: the start ends with a sentence."""
    context = self_signed(tmp_path)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # PostgreSQL's question whether there is TLS
        writer.write(b"S")
        try:
            await writer.start_tls(context)
        except (ssl.SSLError, ConnectionError):
            writer.transport.abort()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"postgresql://u:{PASSWORD}@127.0.0.1:{port}/x?channel_binding=require"
        async with await Database.open(url) as database:
            with pytest.raises(StorageError, match=r"certificate|CERTIFICATE") as refusal:
                await database.ping()
    assert not isinstance(refusal.value, DatabaseUnavailable)
    assert PASSWORD not in str(refusal.value)
