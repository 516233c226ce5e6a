"""Callback URLs for APIXO, one for each submission of each job.

`PUBLIC_URL/callbacks/apixo/1.{job}.{submission}.{signature}`: only we hand them out, so the
signature authenticates a callback. The URL is a secret and belongs in no log.
"""

from dataclasses import dataclass

from storage.jobs import Job
from workflow.urls.signing import Signer

CALLBACK_PATH = "/callbacks/apixo/"

_VERSION = "1"
_MAX_CHARS = 128


@dataclass(frozen=True, slots=True)
class Submission:
    """The submission that a callback is about: the job, and its submission number from 1."""

    job_id: str
    number: int


class SignedCallbackUrls:
    """Makes and parses signed callback URLs below `public_url`."""

    def __init__(self, public_url: str, signer: Signer) -> None:
        self._root = public_url.rstrip("/") + CALLBACK_PATH
        self._signer = signer

    def url_for(self, job: Job) -> str:
        """Return the callback URL of a job's current submission."""
        text = f"{_VERSION}.{job.id}.{job.submissions}"
        return f"{self._root}{text}.{self._signer.sign(text)}"

    def parse(self, token: str) -> Submission | None:
        """Parse the last part of a callback URL in constant time; None if it is not ours."""
        text, _, signature = token[:_MAX_CHARS].rpartition(".")
        if not self._signer.verify(signature, text) or len(token) > _MAX_CHARS:
            return None
        _, job_id, number = text.split(".")
        return Submission(job_id, int(number))
