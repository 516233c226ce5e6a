"""Private answers to requests: each can be edited for a quarter of an hour, by any process.

An interaction's token speaks for its member, so the database has it encrypted.
"""

from dataclasses import dataclass

from domain.job_view import JobView
from domain.requests import Conversion
from workflow.pending_interactions import PendingStore
from workflow.token_cipher import TokenCipher


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it is kept, with its member's roles at that time."""

    application_id: int
    encrypted_token: str
    role_ids: tuple[int, ...]
    conversions: tuple[Conversion, ...] = ()


@dataclass(frozen=True, slots=True)
class EditableAnswer:
    """An answer that can be edited with its token; `role_ids` are its member's roles.

    `conversions` are what it says of the member's files.
    """

    application_id: int
    token: str
    role_ids: tuple[int, ...]
    conversions: tuple[Conversion, ...] = ()


class PrivateAnswers:
    """The latest private answer about each job."""

    def __init__(self, kept: PendingStore[KeptAnswer], cipher: TokenCipher) -> None:
        self._kept = kept
        self._cipher = cipher

    async def keep(self, job_id: str, user_id: int, answer: EditableAnswer) -> None:
        """Keep an answer about a job, in the place of an earlier one, which told of its files."""
        encrypted = self._cipher.encrypt(answer.token, _key(job_id))
        earlier = None if answer.conversions else await self._kept.get(_key(job_id), user_id)
        conversions = earlier.conversions if earlier is not None else answer.conversions
        kept = KeptAnswer(answer.application_id, encrypted, answer.role_ids, conversions)
        await self._kept.put(_key(job_id), user_id, kept)

    async def find(self, job: JobView) -> EditableAnswer | None:
        """Return the answer about a job, if it can still be edited."""
        kept = await self._kept.get(_key(job.id), job.user_id)
        token = kept and self._cipher.decrypt(kept.encrypted_token, _key(job.id))
        if kept is None or token is None:
            return None
        return EditableAnswer(kept.application_id, token, kept.role_ids, kept.conversions)


def _key(job_id: str) -> str:
    return f"answer:{job_id}"
