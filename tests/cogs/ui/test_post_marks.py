"""Marks of posts: whose, and what they are, told by the custom ids of their buttons alone."""

import pytest

from cogs.ui import post_marks
from cogs.ui.buttons import ActionButton, ButtonAction

JOB, OTHER = "01kehfcm1f7za29evkt5", "01kehfcm1hqcqc1npwws"


@pytest.mark.parametrize("mark", ["status", "result", "failure", "shared", "carrier12", "notice"])
def test_a_post_is_found_by_its_button(mark: str) -> None:
    """Among others, and for its own job alone."""
    custom_ids = [f"again:{JOB}", post_marks.marked_button(JOB, mark).item.custom_id]
    assert post_marks.find_mark(iter(custom_ids), JOB) == mark
    assert post_marks.find_mark(iter(custom_ids), OTHER) is None


def test_a_button_of_the_version_before_marks_nothing() -> None:
    """It works all the same, and names the same job."""
    before = ActionButton(ButtonAction.DETAILS, JOB)
    assert post_marks.find_mark(iter([before.item.custom_id]), JOB) is None
    assert post_marks.job_id_in(before.subject) == JOB
    assert post_marks.job_id_in(post_marks.marked_button(JOB, "result").subject) == JOB


def test_a_carrier_has_the_number_of_its_part() -> None:
    """Another post has none."""
    assert post_marks.carrier_part(post_marks.carrier_mark(12)) == 12
    assert post_marks.carrier_part("result") is None
    assert post_marks.carrier_part("carrier") is None
