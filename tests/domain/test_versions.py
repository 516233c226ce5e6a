"""Versions are compared by their numbers."""

from domain.versions import version_key


def test_versions_are_compared_as_numbers():
    """0.10 comes after 0.9; what follows the numbers does not count."""
    versions = ["", "0.2", "0.2.0", "0.9.1", "0.10.0rc1", "1"]
    assert sorted(versions, key=version_key) == versions
