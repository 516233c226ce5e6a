"""Knows the address at which APIXO is to call back, one for each submission of each job.

`PUBLIC_URL/callbacks/apixo/1.{job}.{submission}.{mark}`: whoever has it was told it by us, so the
mark is all that a callback is believed for. It is a secret, and belongs in no log.
"""

from dataclasses import dataclass

from storage.jobs import Job
from workflow.urls.signing import Signer

CALLBACK_PATH = "/callbacks/apixo/"

_VERSION = "1"
_MAX_CHARS = 128


@dataclass(frozen=True, slots=True)
class Submission:
    """Which submission a callback is about: the job, and the how many-th time it was sent."""

    job_id: str
    number: int


class SignedCallbackUrls:
    """Makes and reads callback addresses below `public_url`, marked with `seal`."""

    def __init__(self, public_url: str, signer: Signer) -> None:
        self._root = public_url.rstrip("/") + CALLBACK_PATH
        self._seal = signer

    def url_for(self, job: Job) -> str:
        """Give the address for the submission of a job that is under way."""
        text = f"{_VERSION}.{job.id}.{job.submissions}"
        return f"{self._root}{text}.{self._seal.sign(text)}"

    def parse(self, token: str) -> Submission | None:
        """Read the last part of an address, in the same time for any; None if it is not ours."""
        text, _, mark = token[:_MAX_CHARS].rpartition(".")
        if not self._seal.verify(mark, text) or len(token) > _MAX_CHARS:
            return None
        _, job_id, number = text.split(".")
        return Submission(job_id, int(number))
