"""The version of the service."""

from typing import Final

VERSION: Final = "0.3.0"
