"""The register of guards is up to date: each is where it says, and its tests exist.

That the tests notice its absence is shown by `scripts/guards`, which takes some minutes.
"""

import ast
from collections import Counter
from pathlib import Path

import pytest

from qa.mutation.guard import Guard, GuardTextMissing
from qa.mutation.registry import GUARDS
from qa.mutation.tree_copy import ROOT, TreeCopy


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_stands_where_it_says(guard: Guard):
    """Once, and without it the file is Python still."""
    ast.parse(guard.mutated_source((ROOT / guard.path).read_text()))


def test_each_guard_has_a_name_of_its_own_and_tests_that_exist(
    request: pytest.FixtureRequest, tmp_path: Path
):
    """Who renames a test has to rename it here."""
    assert Counter(guard.name for guard in GUARDS).most_common(1)[0][1] == 1
    assert all(guard.tests for guard in GUARDS)
    # A run of all tests has collected them; the rest is collected by a process of its own.
    collected = {item.nodeid for item in request.session.items}
    collected |= {test.partition("[")[0] for test in collected}
    named = sorted({test for guard in GUARDS for test in guard.tests} - collected)
    if named:
        told = TreeCopy(ROOT).run([*named, "--collect-only", "-qq"], tmp_path / "collected.log")
        assert told.is_green, told.output


def test_a_guard_that_is_gone_is_told():
    """Nothing is taken out that is not there, or is there more than once."""
    guard = Guard("a nonce", "a.py", "nonce=1", "", ("tests/test_a.py::test_a",))
    assert guard.mutated_source("send(nonce=1)") == "send()"
    for source in ("send()", "send(nonce=1, nonce=1)"):
        with pytest.raises(GuardTextMissing, match="a nonce"):
            guard.mutated_source(source)


def test_a_removal_that_no_test_notices_is_told(tmp_path: Path):
    """Neither a test that passes nor one that cannot be started has noticed; one that fails has."""
    (tmp_path / "house.py").write_text("LOCKED = True\n")
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
    (tmp_path / "test_house.py").write_text(
        "import house\n"
        "def test_the_door():\n    assert house.LOCKED\n"
        "def test_the_roof():\n    assert house\n"
    )
    wall, roof = both = ("test_house.py::test_the_door", "test_house.py::test_the_roof")
    told = TreeCopy(tmp_path).run_mutated(Guard("lock", "house.py", "True", "False", both))
    assert (told.unaffected_tests([wall]), told.unaffected_tests(both)) == ([], [roof])
    told = TreeCopy(tmp_path).run_mutated(Guard("house", "house.py", "True", "=", both))
    assert told.unaffected_tests(both) == [wall, roof]
    assert (tmp_path / "house.py").read_text() == "LOCKED = True\n"
