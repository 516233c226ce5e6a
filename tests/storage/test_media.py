import asyncio
import errno
import hashlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from storage.errors import MediaTooLarge, NotAVideo
from storage.media import MediaFolder, StoredFile
from tests.harness.inputs import keep_input

ROOT = Path(__file__).parents[2]
MARK = b"\x00\x00\x00\x18ftypisom"
NAME = "job1.mp4"


@pytest.fixture
def folder(tmp_path: Path) -> MediaFolder:
    """Name a folder that does not exist yet."""
    return MediaFolder(tmp_path / "media")


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "media").glob("*"))


async def test_a_video_is_kept_as_it_came(folder: MediaFolder, tmp_path: Path) -> None:
    """Chunks of any size become one file; its size and its hash are told, and nobody else reads."""
    parts = [MARK[:3], MARK[3:], b"", b"x" * 300_000, b"y" * 300_000, b"z"]
    whole = b"".join(parts)
    kept = await folder.save_video(NAME, chunks(*parts), max_bytes=len(whole))
    assert kept == StoredFile(NAME, len(whole), hashlib.sha256(whole).hexdigest())
    assert folder.video_path(NAME).read_bytes() == whole
    assert await folder.has_video(NAME)
    assert files(tmp_path) == [NAME]
    assert folder.video_path(NAME).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "media").stat().st_mode & 0o777 == 0o700


async def test_a_video_has_its_name_only_when_it_is_whole(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """Till the last chunk the old file has the name, then the new one does, whole."""
    await folder.save_video(NAME, chunks(MARK), max_bytes=99)
    seen: list[bytes] = []

    async def slowly() -> AsyncIterator[bytes]:
        yield MARK + b"x" * 300_000
        seen.append(folder.video_path(NAME).read_bytes())
        yield b"y"

    await folder.save_video(NAME, slowly(), max_bytes=999_999)
    assert seen == [MARK]
    assert folder.video_path(NAME).read_bytes() == MARK + b"x" * 300_000 + b"y"
    assert files(tmp_path) == [NAME]


async def test_a_video_above_its_cap_is_not_kept(folder: MediaFolder, tmp_path: Path) -> None:
    """One byte more is too many, at once or after much was written; nothing is left."""
    with pytest.raises(MediaTooLarge, match="more than 12 bytes"):
        await folder.save_video(NAME, chunks(MARK + b"x"), max_bytes=len(MARK))
    with pytest.raises(MediaTooLarge):
        await folder.save_video(NAME, chunks(MARK, b"x" * 300_000, b"y"), max_bytes=300_012)
    assert files(tmp_path) == []
    await folder.save_video(NAME, chunks(MARK), max_bytes=len(MARK))


@pytest.mark.parametrize(
    "parts",
    [(), (b"",), (b"<html>not found</html>",), (b"\x1aE\xdf\xa3webm",), (b"ftyp",), (b"\0\0",)],
)
async def test_what_is_no_mp4_is_not_kept(
    folder: MediaFolder, tmp_path: Path, parts: tuple[bytes, ...]
) -> None:
    """Without the mark of an MP4 at its place there is no file, not even a part of one."""
    with pytest.raises(NotAVideo):
        await folder.save_video(NAME, chunks(*parts), max_bytes=99)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    [
        "../job.mp4",
        "/etc/job.mp4",
        "job",
        ".mp4",
        "JOB.mp4",
        "job.mp4\n",
        "job.mp4.part",
        "jöb.mp4",
    ],
)
async def test_only_names_of_ours_are_taken(folder: MediaFolder, tmp_path: Path, name: str) -> None:
    """No name leads out of the folder or to a file of another kind."""
    with pytest.raises(ValueError, match="no name for a video"):
        await folder.save_video(name, chunks(MARK), max_bytes=99)
    with pytest.raises(ValueError, match="no name for a video"):
        await folder.has_video(name)
    assert list(tmp_path.iterdir()) == []


async def test_a_download_that_breaks_off_leaves_nothing(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """The error comes through and what was written is gone."""

    async def broken() -> AsyncIterator[bytes]:
        yield MARK + b"x" * 300_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await folder.save_video(NAME, broken(), max_bytes=999_999)
    assert files(tmp_path) == []
    assert not await folder.has_video(NAME)


async def test_a_cancelled_download_leaves_nothing(folder: MediaFolder, tmp_path: Path) -> None:
    """Also when a thread is still writing for it."""
    under_way = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield MARK
        while True:
            yield b"x" * 300_000
            under_way.set()

    task = asyncio.create_task(folder.save_video(NAME, endless(), max_bytes=1 << 40))
    await under_way.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(tmp_path) == []


WRITER = """
import asyncio, resource, sys
from pathlib import Path
from storage.media import MediaFolder

async def chunks(count):
    yield b"\\x00\\x00\\x00\\x18ftypisom"
    for _ in range(count):
        yield b"x" * 300_000
    print("written", flush=True)
    await asyncio.Event().wait()

async def main():
    folder = MediaFolder(Path(sys.argv[1]))
    if sys.argv[2] == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    try:
        count = 10 if sys.argv[2] == "full" else 2
        await folder.save_video("job1.mp4", chunks(count), max_bytes=1 << 30)
    except OSError as error:
        print(error.errno, flush=True)

asyncio.run(main())
"""


async def start_writer(tmp_path: Path, how: str) -> tuple[asyncio.subprocess.Process, bytes]:
    """Start a process that writes a video, and wait for the first line that it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(tmp_path / "media"), how),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    return process, await asyncio.wait_for(process.stdout.readline(), 120)


async def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    """Where the system takes no more bytes, `keep` raises its error and cleans up."""
    process, line = await start_writer(tmp_path, "full")
    assert int(line) == errno.EFBIG
    assert await process.wait() == 0
    assert files(tmp_path) == []


async def test_a_crash_leaves_no_half_file_under_the_name(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """What SIGKILL leaves is a part; the sweep removes it, but not one in the making."""
    process, line = await start_writer(tmp_path, "crash")
    assert line == b"written\n"
    (part,) = files(tmp_path)
    assert part.startswith(NAME)
    assert part.endswith(".part")
    assert not await folder.has_video(NAME)
    assert folder.remove_partial_files() == 0
    assert files(tmp_path) == [part]
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    assert not await folder.has_video(NAME)
    await folder.save_video("other.mp4", chunks(MARK), max_bytes=99)
    assert folder.remove_partial_files() == 1
    assert files(tmp_path) == ["other.mp4"]
    assert folder.remove_partial_files() == 0


async def test_a_sweep_of_no_folder_finds_nothing(folder: MediaFolder) -> None:
    """Before the first video there is nothing to sweep."""
    assert folder.remove_partial_files() == 0


def test_the_room_on_the_disk_is_known(folder: MediaFolder) -> None:
    """Also before the first video."""
    assert folder.free_bytes() > 0


INPUT = b"a picture"
HASH = hashlib.sha256(INPUT).hexdigest()


def inputs(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "media" / "inputs").glob("*"))


def make_old(folder: MediaFolder, name: str, age_s: float) -> None:
    """Make an input look as if nobody had asked for it for so long."""
    path = folder.input_path(name)
    assert path is not None
    os.utime(path, (time.time() - age_s,) * 2)


async def test_an_input_goes_by_the_hash_of_its_bytes(folder: MediaFolder, tmp_path: Path) -> None:
    """The same bytes are the same file, and nobody else can read it."""
    name = await keep_input(folder, INPUT, "png")
    assert name == f"{HASH}.png"
    assert (await folder.save_input(INPUT, "png")).name == name
    path = folder.input_path(name)
    assert path is not None
    assert path.read_bytes() == INPUT
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert await keep_input(folder, INPUT, "jpg") == f"{HASH}.jpg"
    assert inputs(tmp_path) == [f"{HASH}.jpg", name]


async def test_two_who_keep_the_same_input_at_once_both_have_it(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """One file is left, whole, and no part of another."""
    data = b"x" * 3_000_000
    names = await asyncio.gather(*(keep_input(folder, data, "mp4") for _ in range(8)))
    assert set(names) == set(inputs(tmp_path))
    path = folder.input_path(names[0])
    assert path is not None
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    "name", ["", f"{HASH}", f"{HASH}.", f"../{HASH}.png", f"{HASH[1:]}.png", f"{HASH}.png\n", NAME]
)
def test_only_names_of_inputs_are_taken(folder: MediaFolder, name: str) -> None:
    """No name leads out of the folder or to a file of another kind."""
    for ask in (folder.input_path, folder.touch_input):
        with pytest.raises(ValueError, match="no name for an input"):
            ask(name)


@pytest.mark.parametrize("suffix", ["", "PNG", "a/b", "..", "longer", "png.part"])
async def test_only_plain_suffixes_are_taken(
    folder: MediaFolder, tmp_path: Path, suffix: str
) -> None:
    """Nothing is written for another."""
    with pytest.raises(ValueError, match="no name for an input"):
        await folder.save_input(INPUT, suffix)
    assert list(tmp_path.iterdir()) == []


def folders(tmp_path: Path) -> list[str]:
    return sorted(path.parent.name for path in (tmp_path / "media").glob("*inputs/*"))


async def test_a_saved_input_is_pending_until_a_job_keeps_it(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """It is found in either place, and only the pending one goes by its age alone."""
    saved = await folder.save_input(INPUT, "png")
    assert folders(tmp_path) == ["pending-inputs"]
    assert folder.input_path(saved.name) is not None
    assert folder.remove_pending_inputs(100) == 0
    assert await folder.keep_input(saved.name) is not None
    assert folders(tmp_path) == ["inputs"]
    assert folder.remove_pending_inputs(-1) == 0
    other = await folder.save_input(b"another", "png")
    make_old(folder, other.name, 101)
    assert folder.remove_pending_inputs(100) == 1
    assert folder.input_path(other.name) is None
    assert await folder.keep_input(other.name) is None


async def test_an_input_is_discarded_by_who_saved_it_unless_others_have_it_too(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """Anyone who saves, touches or keeps the same bytes meanwhile goes on having them."""
    first, second = [await folder.save_input(INPUT, "png") for _ in range(2)]
    assert not folder.discard_input(second)
    assert not folder.discard_input(first)
    assert folders(tmp_path) == ["pending-inputs"]
    assert folder.remove_pending_inputs(-1) == 1
    alone = await folder.save_input(INPUT, "png")
    assert folder.discard_input(alone)
    assert not folder.discard_input(alone)
    touched = await folder.save_input(INPUT, "png")
    assert folder.touch_input(touched.name)
    assert not folder.discard_input(touched)
    kept = await folder.keep_input(touched.name)
    again = await folder.keep_input(touched.name)
    assert kept is not None
    assert again is not None
    assert not folder.discard_input(kept)
    assert not folder.discard_input(again)
    assert folders(tmp_path) == ["inputs"]


async def test_inputs_go_when_nobody_asked_for_them_for_long_enough(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """To keep one again or to touch it makes it young; videos are never swept."""
    await folder.save_video(NAME, chunks(MARK), max_bytes=99)
    contents = (b"old", b"touched", b"kept again", b"young")
    old, touched, again, young = [await keep_input(folder, data, "wav") for data in contents]
    for name in (old, touched, again):
        make_old(folder, name, 101)
    make_old(folder, young, 50)
    assert folder.touch_input(touched)
    assert await keep_input(folder, b"kept again", "wav") == again
    assert folder.remove_old_inputs(older_than_s=100) == 1
    assert folder.input_path(old) is None
    assert inputs(tmp_path) == sorted((touched, again, young))
    assert folder.remove_old_inputs(older_than_s=100) == 0
    assert await folder.has_video(NAME)


def test_what_is_not_there_is_not_touched(folder: MediaFolder) -> None:
    """Before the first input there is nothing to find, touch or sweep."""
    name = f"{HASH}.png"
    assert folder.input_path(name) is None
    assert not folder.touch_input(name)
    assert folder.remove_old_inputs(older_than_s=0) == 0


async def test_an_input_kept_while_it_is_swept_is_there(
    folder: MediaFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who keeps it once the sweep has decided waits, and writes it again."""
    name = await keep_input(folder, INPUT, "png")
    make_old(folder, name, 101)
    keeper = threading.Thread(target=lambda: asyncio.run(folder.save_input(INPUT, "png")))
    unlink = Path.unlink

    def slowly(path: Path, missing_ok: bool = False) -> None:
        if path.name == name:
            keeper.start()
            keeper.join(0.5)
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", slowly)
    assert await asyncio.to_thread(folder.remove_old_inputs, 100) == 1
    keeper.join()
    path = folder.input_path(name)
    assert path is not None
    assert path.read_bytes() == INPUT


async def test_a_full_disk_leaves_no_input(folder: MediaFolder, tmp_path: Path) -> None:
    """The error comes through; what was written is gone."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            await folder.save_input(bytes(2000), "png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert inputs(tmp_path) == []


async def test_what_a_crash_left_of_an_input_is_swept(folder: MediaFolder, tmp_path: Path) -> None:
    """With the parts of videos."""
    name = await keep_input(folder, INPUT, "png")
    (tmp_path / "media" / "inputs" / f"{name}.00.part").touch()
    assert folder.remove_partial_files() == 1
    assert inputs(tmp_path) == [name]


def writing(data: bytes) -> Callable[[BinaryIO], Awaitable[None]]:
    """Write a copy as another process does: through the file, not through Python's buffer."""

    async def make(file: BinaryIO) -> None:
        os.write(file.fileno(), data)

    return make


async def test_a_smaller_copy_lies_beside_its_video_and_goes_with_it(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """It is whole under its own name, takes the place of an earlier one, and is never left over."""
    await folder.save_video(NAME, chunks(MARK, b"large"), max_bytes=999)
    for data in (MARK + b"small", MARK):
        path = await folder.save_copy(NAME, writing(data))
        assert (path, path.read_bytes()) == (folder.copy_path(NAME), data)
    assert files(tmp_path) == ["job1.fit.mp4", NAME]
    assert path.stat().st_mode & 0o777 == 0o600
    for _ in range(2):
        folder.remove_video(NAME)
        assert files(tmp_path) == []


@pytest.mark.parametrize("data", [b"", b"no film at all"])
async def test_what_is_no_video_does_not_become_a_copy(
    folder: MediaFolder, tmp_path: Path, data: bytes
) -> None:
    """The earlier copy stays."""
    await folder.save_copy(NAME, writing(MARK))
    with pytest.raises(NotAVideo):
        await folder.save_copy(NAME, writing(data))
    assert folder.copy_path(NAME).read_bytes() == MARK
    assert files(tmp_path) == ["job1.fit.mp4"]


async def test_a_copy_in_the_making_is_not_swept_while_its_maker_lives(
    folder: MediaFolder, tmp_path: Path
) -> None:
    """A process that was given the file keeps it after the end of the process that gave it."""

    async def handed_on(file: BinaryIO) -> None:
        maker = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=file)
        file.close()  # as the end of the service does
        assert folder.remove_partial_files() == 0
        await maker.communicate(b"")  # without input, its end would stay open
        assert folder.remove_partial_files() == 1
        raise NotAVideo("cut off")

    with pytest.raises(NotAVideo, match="cut off"):
        await folder.save_copy(NAME, handed_on)
    assert files(tmp_path) == []


async def test_the_highest_mark_of_all_processes_counts(tmp_path: Path) -> None:
    """Two processes raise it in any order; lower ones are removed, and what is no mark is left."""
    one, other = MediaFolder(tmp_path), MediaFolder(tmp_path)
    assert await one.read_high_water() == 0
    for media, number in ((one, 2), (other, 10), (one, 9)):
        await media.raise_high_water(number)
    (tmp_path / "high-water" / "99.old").touch()
    assert await one.read_high_water() == 10
    assert sorted(path.name for path in (tmp_path / "high-water").iterdir()) == ["10", "99.old"]


async def test_a_video_whose_job_does_not_know_it_is_described(folder: MediaFolder) -> None:
    """As it was when it was stored; there is none of a job that has none."""
    kept = await folder.save_video(NAME, chunks(MARK, b"x" * 300_000), max_bytes=10**6)
    assert await folder.restore_video(NAME, max_bytes=10**6) == kept
    assert await folder.restore_video("another.mp4", max_bytes=10**6) is None
