"""Hold a recording of the service's requests against Discord's OpenAPI document.

`python -m qa.discord_requests OPENAPI RECORDING`: the document is `specs/openapi.json` of
discord/discord-api-spec; the recording is the folder that `SANDBOX_DISCORD_RECORD` named while
tests ran.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from qa.discord_requests.amendments import AMENDMENTS
from qa.discord_requests.description import ApiDescription
from sandbox.discord.recording import RecordedCall

_BOT_LIBRARY: Final = "DiscordBot ("
"""How a bot's user agent begins; what tests send to the stand-in by themselves has another."""


@click.command()
@click.argument("openapi", type=click.Path(path_type=Path))
@click.argument("recording", type=click.Path(path_type=Path))
def main(openapi: Path, recording: Path) -> None:
    """Print each difference once, with how many requests have it."""
    if not openapi.is_file() or not recording.is_dir():
        raise click.UsageError("There is no such document, or no such folder with a recording.")
    description = ApiDescription(json.loads(openapi.read_text(encoding="utf-8")))
    calls = Counter(filter(_is_of_the_service, _read_calls(recording)))
    found = Counter[str]()
    for call, count in calls.items():
        for difference in description.find_differences(call):
            found[str(difference)] += count
    for difference, count in found.most_common():
        print(f"{count:>7,} {difference}")
    print(f"{calls.total():,} requests, {len(found)} differences from the document")
    print("\nAllowed besides:")
    for one in AMENDMENTS:
        print(f"- {one.schema} {one.property or ''}: {one.source}")
    sys.exit(1 if found or not calls else 0)


def _read_calls(folder: Path) -> Iterator[RecordedCall]:
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield RecordedCall.from_json(line)


def _is_of_the_service(call: RecordedCall) -> bool:
    return call.user_agent.startswith(_BOT_LIBRARY)


if __name__ == "__main__":
    main()
