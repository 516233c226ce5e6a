"""The image: the steps of the Dockerfile that need no builder, replayed."""

import json
import os
import py_compile
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from bot.version import VERSION

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def stage(name: str) -> str:
    """Return the instructions of a stage."""
    found = re.search(
        rf"^FROM \S+ AS {name}\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL
    )
    assert found is not None
    return found[1].replace("\\\n", " ")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Lay out what the stages `build` and `base` copy, and no more."""
    home = tmp_path / "home"
    home.mkdir()
    for source, target in re.findall(r"^COPY (\w+) (\w+)$", stage("build"), re.MULTILINE):
        (home / target).symlink_to(ROOT / source)
    return home


def start(image: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Start the image's entry point in a folder, with the image's environment."""
    given = dict(re.findall(r"(PYTHON\w+)=(\S+)", stage("base")))
    assert given["PYTHONPATH"] == "/srv/dailies"
    entry = json.loads(re.findall(r"^ENTRYPOINT (.*)$", stage("base"), re.MULTILINE)[0])
    assert entry[0] == "python"
    return subprocess.run(
        [sys.executable, *entry[1:], *command],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **given, "PYTHONPATH": str(image)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_file_in_the_working_folder_is_not_run(image: Path, tmp_path: Path):
    """Not even one with the package's name: a mounted folder may have anything."""
    folder = tmp_path / "work"
    folder.mkdir()
    for name in ("bot", "click", "domain"):
        (folder / f"{name}.py").write_text("raise SystemExit('run by mistake')")
    ended = start(image, folder, "--version")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("Dailies ")


def test_the_bytecode_carries_no_time(tmp_path: Path):
    """Not even where a file was compiled before, as the installer of packages does it."""
    step = re.search(
        r"^RUN /opt/dailies/bin/python (-m compileall .*)$", stage("build"), re.MULTILINE
    )
    assert step is not None
    words = [word for word in step[1].split() if not word.startswith("/")]
    made = list[bytes]()
    for mtime in (1, 2):
        source = tmp_path / "one.py"
        source.write_text("ANSWER = 42\n")
        os.utime(source, (mtime, mtime))
        compiled = Path(py_compile.compile(str(source), doraise=True) or "")
        subprocess.run([sys.executable, *words, str(tmp_path)], check=True)
        made.append(compiled.read_bytes())
    assert made[0] == made[1]


def test_its_labels_say_what_it_is():
    """The version that is in it, and the licence."""
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', stage("base")))
    assert labels["version"] == VERSION
    assert labels["licenses"] == "MIT"
    assert "COPY LICENSE /usr/share/doc/dailies/" in stage("base")


def test_the_bill_of_materials_names_every_package(tmp_path: Path):
    """As the image's own step writes it, for this environment: twice the same."""
    step = "RUN /opt/dailies/bin/python /tmp/sbom /tmp/sbom.cdx.json /srv/dailies"
    assert step in stage("build").splitlines()
    bills = [tmp_path / "one.json", tmp_path / "other.json"]
    for bill in bills:
        words = [sys.executable, str(ROOT / "scripts" / "sbom"), str(bill), str(ROOT)]
        subprocess.run(words, check=True)
    assert bills[0].read_bytes() == bills[1].read_bytes()
    read = json.loads(bills[0].read_text())
    assert read["metadata"]["component"]["version"] == VERSION
    listed = {one["purl"] for one in read["components"]}
    locked = re.findall(
        r"^([\w.-]+)==([\w.]+) (?:; .*)?\\$", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )
    here = {f"{found.metadata['Name'].lower()}" for found in distributions()}
    wanted = {f"pkg:pypi/{name}@{version}" for name, version in locked if name in here}
    assert len(wanted) > 30
    assert wanted <= listed
    assert all(one["licenses"] for one in read["components"])


def test_the_image_has_no_demo_but_all_that_the_service_needs(image: Path, tmp_path: Path):
    """`sandbox` says how to get it; the service itself names the settings that it lacks."""
    assert "There is no demo in this image" in start(image, tmp_path, "sandbox").stderr
    default = json.loads(re.findall(r"^CMD (\[.*\])$", stage("base"), re.MULTILINE)[0])
    ended = start(image, tmp_path, *default)
    assert (ended.returncode, "DISCORD_TOKEN: is required" in ended.stderr) == (2, True)
