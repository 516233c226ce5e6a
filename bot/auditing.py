"""Prints what the audit of the ledger and the jobs found."""

import json
from dataclasses import asdict

import click

from domain.money import MicroUSD, plain_usd
from storage import audit
from storage.audit import Audit
from storage.database import Database


async def report(database_url: str, *, as_json: bool) -> int:
    """Audit a database, also one in use, and return the exit code: 1 if an invariant is broken."""
    async with await Database.open(database_url, read_only=True) as database:
        await database.ping()
        verdict = await database.read(audit.check)
    click.echo(json.dumps(asdict(verdict)) if as_json else _sentences(verdict))
    return 0 if verdict.ok else 1


def _sentences(verdict: Audit) -> str:
    jobs = ", ".join(f"{count} {state}" for state, count in verdict.jobs.items() if count)
    sums = ((kind, MicroUSD(micro)) for kind, micro in verdict.ledger.items())
    money = ", ".join(f"{plain_usd(amount)} {kind}" for kind, amount in sums)
    lines = [f"Jobs: {jobs or 'none'}.", f"Ledger: {money}."]
    if verdict.ok:
        lines.append("Every invariant holds.")
    else:
        lines += ["Broken:", *(f"  {violation}" for violation in verdict.violations)]
    return "\n".join(lines)
