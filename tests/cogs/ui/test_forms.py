"""Submitted forms are read whatever they contain."""

from typing import Any

import pytest

from cogs.ui.forms import read_fields, read_texts


def part(**field: Any) -> dict[str, Any]:
    return {"type": 18, "component": {"type": 4, "custom_id": "one", **field}}


@pytest.mark.parametrize(
    ("sent", "read", "text"),
    [
        (part(value="x"), {"one": "x"}, {"one": "x"}),
        (part(value=True), {"one": True}, {"one": ""}),
        (part(values=["x", 5]), {"one": ["x", "5"]}, {"one": "x"}),
        (part(values=[]), {"one": []}, {"one": ""}),
        (part(values=5), {"one": []}, {"one": ""}),
        (part(value={"a": 1}), {"one": {"a": 1}}, {"one": ""}),
        (part(), {}, {}),
        ({"type": 4, "custom_id": "one", "value": "x"}, {"one": "x"}, {"one": "x"}),
        ({"component": 5}, {}, {}),
        (5, {}, {}),
    ],
)
def test_a_field_is_read_as_what_it_is(sent: object, read: object, text: object) -> None:
    """A text, a switch, or what was chosen; anything else is left out."""
    data = {"components": [sent]}
    assert read_fields(data) == read
    assert read_texts(data) == text


@pytest.mark.parametrize("data", [{}, {"components": None}, {"components": {"a": 1}}])
def test_a_form_without_fields_has_none(data: dict[str, Any]) -> None:
    assert read_fields(data) == {}
