"""Knows what the page offers to a visitor who has seen nothing yet."""

from pathlib import Path
from typing import Final

from sandbox.demo.page_content import Example, Welcome

PICTURE: Final = Path(__file__).parent / "pictures" / "lake.jpg"
ANIMATE: Final = "The boat drifts slowly to the right while the last light fades over the lake"
IMAGINE: Final = "A paper lantern rises over a sleeping harbour, slow crane shot, warm light"

WELCOME: Final = Welcome(
    line="The bot is the real one. Discord and APIXO are played on this machine, so nothing costs.",
    examples=[
        Example(
            title="Animate this picture",
            text="A boat on a lake, five seconds",
            command="animate",
            options={"prompt": ANIMATE, "duration": 5},
            files={"image": PICTURE},
            picture=PICTURE,
        ),
        Example(
            title="Make a video from words",
            text="A lantern over a harbour, with sound",
            command="video",
            options={"prompt": IMAGINE, "duration": 4, "sound": True},
            files={},
            picture=None,
        ),
        Example(
            title="See what you have spent",
            text="Exactly, and what is left for today",
            command="spend",
            options={},
            files={},
            picture=None,
        ),
    ],
)
