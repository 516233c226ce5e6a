"""Every way in."""

from qa.fuzz.apixo_responses import ANSWERS
from qa.fuzz.attachments import FILES
from qa.fuzz.signed_urls import ADDRESSES
from qa.fuzz.text_inputs import WORDS
from qa.fuzz.video_requests import ORDERS

TARGETS = (*ORDERS, *WORDS, *ANSWERS, *FILES, *ADDRESSES)
