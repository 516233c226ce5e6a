"""Every way in."""

from tests.fuzz.addresses import ADDRESSES
from tests.fuzz.answers import ANSWERS
from tests.fuzz.files import FILES
from tests.fuzz.orders import ORDERS
from tests.fuzz.words import WORDS

TARGETS = (*ORDERS, *WORDS, *ANSWERS, *FILES, *ADDRESSES)
