"""Obstacles of a job: whether its video could be posted, looked at before it is bought."""

from domain.obstacles import Obstacle, ObstacleKind
from storage.jobs import Job
from workflow.context import Context
from workflow.results.destination import find_result_channel
from workflow.servers.admission import Admission, look_up


def is_obstacle_cached(context: Context, job: Job) -> bool:
    """Return whether the gateway has brought all that a look for an obstacle needs."""
    channel_id = None if job.private else job.channel_id
    return context.publisher.is_destination_cached(job.guild_id, channel_id)


async def find_obstacle(context: Context, job: Job) -> Obstacle | None:
    """Return what keeps a job's video from every channel it may go to; None if nothing does.

    A private video goes to direct messages, which only a member of the server can send.

    Raises:
        TemporaryPublishError: Discord does not answer.
    """
    if await look_up(context, job.guild_id) is not Admission.ADMITTED:
        return Obstacle(ObstacleKind.NOT_ADMITTED)
    publisher = context.publisher
    if job.private:
        return await publisher.find_obstacle(job.guild_id, None)
    obstacle = await publisher.find_obstacle(job.guild_id, job.channel_id)
    if obstacle is None or obstacle.kind is ObstacleKind.SERVER_LEFT:
        return obstacle
    result_channel_id = await find_result_channel(context, job)
    if result_channel_id is None:
        return obstacle
    is_open = await publisher.find_obstacle(job.guild_id, result_channel_id) is None
    return None if is_open else obstacle
