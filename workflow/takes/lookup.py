"""Lookup of the takes of an order."""

from storage import orders
from storage.jobs import Job
from workflow.context import Context


async def list_takes(context: Context, job: Job) -> list[Job]:
    """Return all takes of a job's order, in their order; none if it is no take."""
    order_id = job.order_id
    if order_id is None:
        return []
    return await context.database.read(lambda tx: orders.list_takes(tx, order_id))


async def list_takes_of_order(context: Context, order_id: str) -> list[Job]:
    """Return the takes of an order; none if there is no such order."""
    return await context.database.read(lambda tx: orders.list_takes(tx, order_id))
