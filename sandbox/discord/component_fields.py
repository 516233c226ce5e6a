"""Discord's rules for the components that members use: buttons, menus, a form's fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sandbox.discord.component_types import SELECTS, ComponentType
from sandbox.discord.errors import FieldErrors
from sandbox.discord.json_values import Json, as_id, as_int, as_list, as_objects

_LINK, _PREMIUM = 5, 6
_FORBIDDEN: Final[Mapping[int, tuple[str, ...]]] = {
    **dict.fromkeys((1, 2, 3, 4), ("url", "sku_id")),
    _LINK: ("custom_id", "sku_id"),
    _PREMIUM: ("custom_id", "label", "url", "emoji"),
}
_DEFAULTS: Final[Mapping[int, tuple[str, ...]]] = {
    ComponentType.USER_SELECT: ("user",),
    ComponentType.ROLE_SELECT: ("role",),
    ComponentType.MENTIONABLE_SELECT: ("user", "role"),
    ComponentType.CHANNEL_SELECT: ("channel",),
}
_CHANNEL_TYPES: Final = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16)


@dataclass(slots=True)
class ComponentCheck:
    """What a check goes through.

    Attributes:
        form: what is wrong so far.
        files: the names of the files that may be referred to.
        in_modal: whether it is a form that is checked.
        custom_ids: those seen so far.
    """

    errors: FieldErrors
    files: frozenset[str] = frozenset()
    in_modal: bool = False
    custom_ids: set[str] = field(default_factory=set[str])


def check_scheme(check: ComponentCheck, path: str, url: object, schemes: tuple[str, ...]) -> None:
    """Demand one of a few beginnings of an address."""
    if isinstance(url, str) and not url.startswith(schemes):
        listed = ", ".join(repr(scheme.removesuffix("://")) for scheme in schemes)
        said = f"Scheme must be one of ({listed})."
        check.errors.add(path, "URL_TYPE_INVALID_SCHEME", said)


def _button(check: ComponentCheck, path: str, component: Json) -> None:
    style = component.get("style")
    check.errors.check_choice(f"{path}.style", style, (1, 2, 3, 4, 5, 6))
    for name in _FORBIDDEN.get(as_int(style, 0), ()):
        if component.get(name) is not None:
            said = f"A button of this style cannot have a {name}"
            check.errors.add(f"{path}.{name}", "BUTTON_COMPONENT_INVALID", said)
    if style == _PREMIUM:
        if as_id(component.get("sku_id")) is None:
            check.errors.add(f"{path}.sku_id", "BASE_TYPE_REQUIRED", "This field is required")
        return
    if component.get("label") is not None:
        check.errors.check_length(f"{path}.label", component["label"], 1, 80)
    if not component.get("label") and not component.get("emoji"):
        check.errors.add(path, "BUTTON_COMPONENT_INVALID", "A button needs a label or an emoji")
    if style == _LINK:
        check.errors.check_length(f"{path}.url", component.get("url"), 1, 512)
        schemes = ("http://", "https://", "discord://")
        check_scheme(check, f"{path}.url", component.get("url"), schemes)
    else:
        _custom_id(check, path, component)


def _select(check: ComponentCheck, path: str, component: Json) -> None:
    _custom_id(check, path, component)
    _enabled(check, path, component)
    if component.get("placeholder") is not None:
        check.errors.check_length(f"{path}.placeholder", component["placeholder"], 0, 150)
    if component.get("type") == ComponentType.STRING_SELECT:
        _options(check, path, component, 1, 25)
        most = max(len(as_objects(component.get("options"))), 1)
        _values(check, path, component, most)
        return
    _values(check, path, component, 25)
    _default_values(check, path, component)
    for index, kind in enumerate(as_list(component.get("channel_types")) or []):
        check.errors.check_choice(f"{path}.channel_types.{index}", kind, _CHANNEL_TYPES)


def _text_input(check: ComponentCheck, path: str, component: Json) -> None:
    _custom_id(check, path, component)
    check.errors.check_choice(f"{path}.style", component.get("style"), (1, 2))
    if component.get("label") is not None:
        check.errors.check_length(f"{path}.label", component["label"], 1, 45)
    if component.get("placeholder") is not None:
        check.errors.check_length(f"{path}.placeholder", component["placeholder"], 0, 100)
    if component.get("value") is not None:
        check.errors.check_length(f"{path}.value", component["value"], 0, 4000)
    most = as_int(component.get("max_length"), 4000)
    check.errors.check_number(f"{path}.min_length", component.get("min_length"), 0, min(most, 4000))
    check.errors.check_number(f"{path}.max_length", component.get("max_length"), 1, 4000)


def _file_upload(check: ComponentCheck, path: str, component: Json) -> None:
    _custom_id(check, path, component)
    _values(check, path, component, 10)


def _radio_group(check: ComponentCheck, path: str, component: Json) -> None:
    _custom_id(check, path, component)
    _options(check, path, component, 2, 10)
    _default_count(check, path, component, 1)


def _checkbox_group(check: ComponentCheck, path: str, component: Json) -> None:
    _custom_id(check, path, component)
    _options(check, path, component, 1, 10)
    offered = len(as_objects(component.get("options")))
    _values(check, path, component, 10, max_unsaid=offered)


def _checkbox(check: ComponentCheck, path: str, component: Json) -> None:
    _custom_id(check, path, component)


def _custom_id(check: ComponentCheck, path: str, component: Json) -> None:
    custom_id = component.get("custom_id")
    check.errors.check_length(f"{path}.custom_id", custom_id, 1, 100)
    if isinstance(custom_id, str) and custom_id in check.custom_ids:
        said = "Component custom id cannot be duplicated"
        check.errors.add(f"{path}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", said)
    check.custom_ids.add(str(custom_id))


def _enabled(check: ComponentCheck, path: str, component: Json) -> None:
    if check.in_modal and component.get("disabled"):
        said = "Modals cannot have disabled components"
        check.errors.add(f"{path}.disabled", "COMPONENT_DISABLED_IN_MODAL", said)


def _options(check: ComponentCheck, path: str, component: Json, least: int, most: int) -> None:
    options = as_objects(component.get("options"))
    check.errors.check_count(f"{path}.options", len(options), least, most)
    for index, option in enumerate(options):
        for name in ("label", "value"):
            check.errors.check_length(f"{path}.options.{index}.{name}", option.get(name), 1, 100)
        if option.get("description") is not None:
            place = f"{path}.options.{index}.description"
            check.errors.check_length(place, option["description"], 0, 100)
    values = [str(option.get("value")) for option in options]
    if len(set(values)) != len(values):
        said = "The specified option value is already used"
        check.errors.add(f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", said)


def _values(
    check: ComponentCheck, path: str, component: Json, most: int, *, max_unsaid: int = 1
) -> None:
    """Demand that at least as many, and at most as many, may be chosen as there can be."""
    fewest = as_int(component.get("min_values"), 1)
    largest = as_int(component.get("max_values"), max_unsaid)
    # Discord refuses a field that has to be filled in, but with nothing.
    must = check.in_modal and component.get("required") is not False
    least = 1 if must else 0
    check.errors.check_number(f"{path}.min_values", component.get("min_values"), least, largest)
    check.errors.check_number(
        f"{path}.max_values", component.get("max_values"), max(fewest, 1), most
    )
    _default_count(check, path, component, largest)


def _default_count(check: ComponentCheck, path: str, component: Json, most: int) -> None:
    chosen = [option for option in as_objects(component.get("options")) if option.get("default")]
    if len(chosen) > most:
        said = f"At most {most} options may be chosen by default"
        check.errors.add(f"{path}.options", "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", said)


def _default_values(check: ComponentCheck, path: str, component: Json) -> None:
    defaults = as_objects(component.get("default_values"))
    if not defaults:
        return
    place = f"{path}.default_values"
    least, most = (as_int(component.get(name), 1) for name in ("min_values", "max_values"))
    check.errors.check_count(place, len(defaults), least, most)
    for index, default in enumerate(defaults):
        allowed = _DEFAULTS[component["type"]]
        check.errors.check_choice(f"{place}.{index}.type", default.get("type"), allowed)
        if as_id(default.get("id")) is None:
            said = f'Value "{default.get("id")}" is not snowflake.'
            check.errors.add(f"{place}.{index}.id", "NUMBER_TYPE_COERCE", said)


FIELD_RULES: Final[Mapping[ComponentType, Callable[[ComponentCheck, str, Json], None]]] = {
    ComponentType.BUTTON: _button,
    **dict.fromkeys(SELECTS, _select),
    ComponentType.TEXT_INPUT: _text_input,
    ComponentType.FILE_UPLOAD: _file_upload,
    ComponentType.RADIO_GROUP: _radio_group,
    ComponentType.CHECKBOX_GROUP: _checkbox_group,
    ComponentType.CHECKBOX: _checkbox,
}
"""What each of them has to keep to."""
