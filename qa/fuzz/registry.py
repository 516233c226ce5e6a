"""Every way in."""

from qa.fuzz.apixo_responses import APIXO_RESPONSE_TARGETS
from qa.fuzz.attachments import ATTACHMENT_TARGETS
from qa.fuzz.billed_lengths import BILLED_LENGTH_TARGETS
from qa.fuzz.signed_urls import SIGNED_URL_TARGETS
from qa.fuzz.text_inputs import TEXT_INPUT_TARGETS
from qa.fuzz.video_requests import VIDEO_REQUEST_TARGETS

TARGETS = (
    *VIDEO_REQUEST_TARGETS,
    *TEXT_INPUT_TARGETS,
    *APIXO_RESPONSE_TARGETS,
    *ATTACHMENT_TARGETS,
    *BILLED_LENGTH_TARGETS,
    *SIGNED_URL_TARGETS,
)
