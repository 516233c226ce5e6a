"""The service process: start, shutdown, and the composition of its objects."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - who has an older one is to read a sentence
    sys.exit("Dailies needs Python 3.11 to 3.14.")
