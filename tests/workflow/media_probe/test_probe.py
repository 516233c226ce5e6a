"""The process that looks into strangers' files: what it may take, know and answer."""

import asyncio
import json
import signal
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.harness.media_samples import make_audio, make_video
from tests.workflow.media_probe.test_images import picture
from workflow import confined_process
from workflow.confined_process import ConfinedProcessFailed, ConfinedRunner
from workflow.media_probe import probe
from workflow.media_probe.probe import MediaProbe
from workflow.media_probe.types import ClipInfo, MediaFault, MediaKind, PictureInfo, UnusableMedia


async def fault(kind: MediaKind, data: bytes) -> MediaFault:
    with pytest.raises(UnusableMedia) as refused:
        await MediaProbe().inspect(kind, data)
    return refused.value.fault


def run_what_is_given(monkeypatch: pytest.MonkeyPatch, **changes: float) -> None:
    """Have the process run each file as a program, in place of looking into it."""
    program = replace(probe._PROGRAM, module="tests.harness.given_program", **changes)
    monkeypatch.setattr(probe, "_PROGRAM", program)


async def test_each_kind_is_looked_into_by_its_own_rules() -> None:
    """A file is judged as what it was given as."""
    files = {
        MediaKind.PICTURE: picture("PNG"),
        MediaKind.VIDEO: make_video(2500),
        MediaKind.AUDIO: make_audio(2000, "wav"),
    }
    look = MediaProbe().inspect
    assert [(await look(kind, data)).info for kind, data in files.items()] == [
        PictureInfo(format="PNG", width=320, height=300),
        ClipInfo(suffix="mp4", microseconds=2_500_000),
        ClipInfo(suffix="wav", microseconds=2_000_000),
    ]
    assert await fault(MediaKind.VIDEO, files[MediaKind.PICTURE]) is MediaFault.UNSUPPORTED_FORMAT
    assert await fault(MediaKind.VIDEO, files[MediaKind.AUDIO]) is MediaFault.NO_VIDEO_TRACK
    assert await fault(MediaKind.AUDIO, files[MediaKind.VIDEO]) is MediaFault.NO_AUDIO_TRACK


async def test_an_error_of_a_decoder_is_a_damage() -> None:
    """Whatever it is."""
    assert await fault(MediaKind.PICTURE, picture("JPEG")[:-2000]) is MediaFault.DAMAGED
    assert (
        await fault(MediaKind.VIDEO, make_video(2000)[:12] + b"\0\0\0\1moov") is MediaFault.DAMAGED
    )


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.abort()",
        "import os; os.write(1, bytes(1 << 20))",
        "raise SystemExit(3)",
        "pass",
        "print('{}')",
        'print(\'{"format": "../../x", "width": 1, "height": 1}\')',
        'print(\'{"format": "PNG", "width": "1", "height": 1}\')',
        'print(\'{"fault": "another"}\')',
        "import time; time.sleep(99)",
    ],
)
async def test_a_process_that_dies_lies_or_lasts_refuses_the_file(
    monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """It may have been taken over by what it looked into, so nothing it says is trusted."""
    run_what_is_given(monkeypatch, wall_seconds=0.5 if "sleep" in program else 60)
    assert await fault(MediaKind.PICTURE, program.encode()) is MediaFault.RESOURCE_LIMIT


async def test_the_process_knows_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the environment nor open files nor our folder are handed down."""
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    program = (
        "import json, os, sys; "
        "known = [k for k in os.environ if k != 'LC_CTYPE'] + os.listdir('/proc/self/fd')[4:]; "
        "held = (len(known), os.getcwd() == '/', sys.flags.isolated); "
        "print(json.dumps({'format': 'PNG', 'width': held[0], 'height': held[1] * held[2]}))"
    )
    run_what_is_given(monkeypatch)
    found = (await MediaProbe().inspect(MediaKind.PICTURE, program.encode())).info
    assert found == PictureInfo(format="PNG", width=0, height=1)


GIVEN = """
from workflow.media_probe import images, worker
from workflow.media_probe.types import PictureInfo

def look(data):
    {look}
    return PictureInfo(format="PNG", width=1, height=1), data

images.inspect = look
worker.main("picture", "")
"""


async def test_memory_time_and_disk_are_limited(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the system, so that no decoder can get around it."""
    limits = replace(probe._PROGRAM.limits, cpu_seconds=1)
    run_what_is_given(monkeypatch)

    async def answered(look: str) -> object:
        program = replace(probe._PROGRAM, limits=limits)
        given = GIVEN.format(look=look)
        with TemporaryFile() as source, TemporaryFile() as out:
            source.write(given.encode())
            source.seek(0)
            await ConfinedRunner(1).run(program, source=source, out=out)
            out.seek(0)
            told = json.loads(out.read())
        return {name: told[name] for name in ("width", "fault") if name in told}

    file = tmp_path / "x"
    assert await answered("bytearray(300 << 20)") == {"width": 1}
    greedy = f"bytearray({limits.memory_bytes})"
    assert await answered(greedy) == {"fault": MediaFault.RESOURCE_LIMIT}
    with pytest.raises(ConfinedProcessFailed, match=f"ended with -{signal.SIGKILL:d}"):
        await answered("while True: pass")
    large = f"open({str(file)!r}, 'wb', 0).write(bytes({limits.file_bytes} + 1))"
    await answered(large)
    assert file.stat().st_size == limits.file_bytes


async def test_two_files_are_looked_into_at_a_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The others wait for their turn, and all are answered."""
    program = (
        "import os, json, time; "
        f"name = {str(tmp_path)!r} + '/' + str(os.getpid()); "
        "open(name, 'w').close(); time.sleep(0.3); "
        f"here = len(os.listdir({str(tmp_path)!r})); os.unlink(name); "
        "print(json.dumps({'format': 'PNG', 'width': here, 'height': 1}))"
    )
    run_what_is_given(monkeypatch)
    look, given = MediaProbe().inspect, program.encode()
    found = await asyncio.gather(*(look(MediaKind.PICTURE, given) for _ in range(6)))
    assert max(it.info.width for it in found if isinstance(it.info, PictureInfo)) == 2


def process_state() -> str:
    """Write a program that answers with what a process might find of one before it."""
    return (
        "import json, os, sys; "
        "import tests.harness.given_program as kept; "
        "width = getattr(kept, 'width', 0) + 1; kept.width = width; "
        "print(json.dumps({'format': 'PNG', 'width': width, 'height': os.getpid()}))"
    )


async def test_nothing_of_one_file_is_left_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a process of its own, though all are forks of one."""
    run_what_is_given(monkeypatch)
    look, given = MediaProbe().inspect, process_state().encode()
    found = [(await look(MediaKind.PICTURE, given)).info for _ in range(2)]
    assert [info.width for info in found if isinstance(info, PictureInfo)] == [1, 1]
    assert len({info.height for info in found if isinstance(info, PictureInfo)}) == 2


async def test_a_file_that_ends_what_processes_are_made_of_harms_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one file is refused; the next one starts it again."""
    assert await MediaProbe().inspect(MediaKind.PICTURE, picture("PNG"))
    with monkeypatch.context() as patch:
        run_what_is_given(patch)
        kill = b"import os; os.kill(os.getppid(), 9)"
        assert await fault(MediaKind.PICTURE, kill) is MediaFault.RESOURCE_LIMIT
    assert await MediaProbe().inspect(MediaKind.PICTURE, picture("PNG"))


FORKLESS = """
import os, sys
sys.path.append(sys.argv[1])
from workflow.confined_template import main

def refuse():
    raise BlockingIOError

os.fork = refuse
main()
"""


async def test_when_no_process_can_be_started_it_is_not_the_files_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error of the system, for anyone who asked."""
    template = confined_process._Template()
    monkeypatch.setattr(confined_process, "_TEMPLATE", template)
    monkeypatch.setattr(confined_process, "_START", FORKLESS)
    try:
        with pytest.raises(OSError, match="no further process"):
            await MediaProbe().inspect(MediaKind.PICTURE, picture("PNG"))
    finally:
        template.close()
