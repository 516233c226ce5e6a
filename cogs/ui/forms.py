"""Values of forms, menus and options, where a client of somebody's own making may send anything."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from cogs.ui import text
from cogs.ui.i18n import _
from cogs.ui.interactions import UserError
from cogs.ui.routing import Interaction
from cogs.ui.violations import format_violation
from domain.errors import InvalidInput

T = TypeVar("T")


def read_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of each field: a text, a switch, or the list of what was chosen."""
    fields = dict[str, Any]()
    for part in map(as_object, as_list(data.get("components"))):
        field = as_object(part.get("component", part))
        if "values" in field:
            fields[str(field.get("custom_id"))] = [str(one) for one in as_list(field["values"])]
        elif "value" in field:
            fields[str(field.get("custom_id"))] = field["value"]
    return fields


def read_texts(data: Mapping[str, Any]) -> dict[str, str]:
    """Return each field as text; of what was chosen, the first."""
    return {name: _text(value) for name, value in read_fields(data).items()}


def chosen_values(interaction: Interaction) -> tuple[str, ...]:
    """Return the values that were chosen from a menu, as Discord sends them; a button has none."""
    return tuple(map(str, as_list(as_object(interaction.data).get("values"))))


def as_object(value: object) -> Mapping[str, Any]:
    """Return a JSON object, empty if it is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def as_list(value: object) -> Sequence[object]:
    """Return a JSON array, empty if it is none."""
    return cast("list[object]", value) if isinstance(value, list) else ()


def _text(value: object) -> str:
    chosen = next(iter(as_list(value)), value)
    return chosen if isinstance(chosen, str) else ""


def parse_typed(parser: Callable[[str], T], typed: str) -> T:
    """Parse what a member has typed.

    Raises:
        UserError: it cannot be used, and why.
    """
    try:
        return parser(typed)
    except InvalidInput as error:
        shown, hint = text.sanitize(typed, 40), format_violation(error.violation)
        raise UserError(_('I can\'t read "{shown}". {hint}', shown=shown, hint=hint)) from None
