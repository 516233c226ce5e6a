"""Members' turns outside of any interaction, for tests of what is loaded in them."""

from collections.abc import Callable, Sequence
from random import Random

from pydantic import SecretStr

from apixo.client import ApixoClient
from apixo.downloads import ResultDownloader
from cogs.generation.attachments import AttachmentLike, AttachmentLoader, LoadedAttachments
from storage.database import Database
from storage.media import MediaFolder
from tests.harness.playback import MemoizedPlaybackCheck
from tests.harness.workflow import NO_LIMITS, FakePublisher
from workflow.context import Context, Policy
from workflow.member_turns import MemberTurn


def context_with(
    database: Database, media: MediaFolder, now_ms: Callable[[], int] = lambda: 0
) -> Context:
    """Build the context of a service that asks for no video."""
    return Context(
        database=database,
        apixo=ApixoClient("http://127.0.0.1:9", SecretStr("key")),
        results=ResultDownloader(("apixo.ai",)),
        media=media,
        playback=MemoizedPlaybackCheck(),
        publisher=FakePublisher(),
        policy=Policy(limits=NO_LIMITS, max_tasks=1),
        now_ms=now_ms,
        random=Random(1),  # noqa: S311 - jitter
    )


def member_turn(database: Database, media: MediaFolder, user_id: int = 1) -> MemberTurn:
    """Give a member a turn that does not end."""
    return MemberTurn(context_with(database, media), user_id)


class TurnLoader:
    """Loads attachments in one turn."""

    def __init__(self, loader: AttachmentLoader, turn: MemberTurn) -> None:
        self._loader = loader
        self._turn = turn

    async def load_pictures(self, files: Sequence[AttachmentLike]) -> LoadedAttachments:
        return await self._loader.load_pictures(self._turn, files)

    async def load_references(
        self,
        pictures: Sequence[AttachmentLike],
        videos: Sequence[AttachmentLike],
        audios: Sequence[AttachmentLike],
    ) -> LoadedAttachments:
        return await self._loader.load_references(self._turn, pictures, videos, audios)
