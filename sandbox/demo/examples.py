"""What the page offers to a visitor who has seen nothing yet."""

from pathlib import Path
from typing import Final

from sandbox.demo.page_content import Example, Welcome

EXAMPLE_PICTURE: Final = Path(__file__).parent / "pictures" / "lake.jpg"
ANIMATE_PROMPT: Final = (
    "The boat drifts slowly to the right while the last light fades over the lake"
)
VIDEO_PROMPT: Final = "A paper lantern rises over a sleeping harbour, slow crane shot, warm light"

WELCOME: Final = Welcome(
    headline=(
        "This is the real bot. Discord and APIXO are simulated on your computer, so it's free."
    ),
    examples=[
        Example(
            title="Animate this picture",
            text="A boat on a lake, five seconds",
            command="animate",
            options={"prompt": ANIMATE_PROMPT, "duration": 5},
            files={"image": EXAMPLE_PICTURE},
            picture=EXAMPLE_PICTURE,
        ),
        Example(
            title="Make a video from words",
            text="A lantern over a harbour, with sound",
            command="video",
            options={"prompt": VIDEO_PROMPT, "duration": 4, "sound": True},
            files={},
            picture=None,
        ),
        Example(
            title="See what you spent",
            text="And what is left. Want more? Switch to Max and use /grant",
            command="spend",
            options={},
            files={},
            picture=None,
        ),
    ],
)
