"""Knows Discord's rules for components: classic rows, Components V2, and forms (modals)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from sandbox.discord.errors import Form
from sandbox.discord.json_values import Json, as_list, as_object, objects, whole
from sandbox.discord.models import component_texts, walk

_MOST_COMPONENTS: Final = 40
_MOST_CHARACTERS: Final = 4000
_LINK = 5
_PREMIUM = 6


class Kind(IntEnum):
    """The component types, by Discord's numbers."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19
    RADIO_GROUP = 21
    CHECKBOX_GROUP = 22
    CHECKBOX = 23


SELECTS: Final = (
    Kind.STRING_SELECT,
    Kind.USER_SELECT,
    Kind.ROLE_SELECT,
    Kind.MENTIONABLE_SELECT,
    Kind.CHANNEL_SELECT,
)
_IN_CONTAINER: Final = (
    Kind.ACTION_ROW,
    Kind.TEXT_DISPLAY,
    Kind.SECTION,
    Kind.MEDIA_GALLERY,
    Kind.SEPARATOR,
    Kind.FILE,
)
_ON_TOP: Final = (*_IN_CONTAINER, Kind.CONTAINER)
_IN_LABEL: Final = (
    *SELECTS,
    Kind.TEXT_INPUT,
    Kind.FILE_UPLOAD,
    Kind.RADIO_GROUP,
    Kind.CHECKBOX_GROUP,
    Kind.CHECKBOX,
)


@dataclass(slots=True)
class _Check:
    """What a check goes through: the form, the attached files' names, the custom ids so far."""

    form: Form
    files: frozenset[str] = frozenset()
    custom_ids: set[str] = field(default_factory=set[str])


def check_message(form: Form, value: object, *, v2: bool, files: frozenset[str]) -> None:
    """Note what is wrong with a message's components; `files` are the names it may refer to."""
    components, check = as_list(value) or [], _Check(form, files)
    if not v2:
        form.count("components", len(components), 0, 5)
    allowed = _ON_TOP if v2 else (Kind.ACTION_ROW,)
    _check_all(check, "components", components, allowed)
    known = objects(components)
    if v2 and len(walk(known)) > _MOST_COMPONENTS:
        said = f"The total number of components must not exceed {_MOST_COMPONENTS}"
        form.wrong("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", said)
    if v2 and sum(map(len, component_texts(known))) > _MOST_CHARACTERS:
        said = f"The displayed text must not exceed {_MOST_CHARACTERS} characters"
        form.wrong("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", said)


def check_modal(data: Json) -> None:
    """Check a form.

    Raises:
        Refused: 50035 with everything that is wrong.
    """
    form = Form()
    form.length("data.custom_id", data.get("custom_id"), 1, 100)
    form.length("data.title", data.get("title"), 1, 45)
    components = as_list(data.get("components")) or []
    form.count("data.components", len(components), 1, 5)
    allowed = (Kind.ACTION_ROW, Kind.LABEL, Kind.TEXT_DISPLAY)
    _check_all(_Check(form), "data.components", components, allowed, in_modal=True)
    form.close()


def numbered(components: list[Json]) -> list[Json]:
    """Give every component without an id the next free one, as Discord does."""
    taken = {whole(found.get("id"), 0) for found in walk(components)}
    free = (number for number in range(1, 1000) if number not in taken)
    for component in walk(components):
        if not whole(component.get("id"), 0):
            component["id"] = next(free)
    return components


def _check_all(
    check: _Check,
    path: str,
    components: list[object],
    allowed: tuple[Kind, ...],
    *,
    in_modal: bool = False,
) -> None:
    for index, value in enumerate(components):
        component = as_object(value)
        kind = None if component is None else component.get("type")
        if component is None or kind not in allowed:
            listed = ", ".join(str(int(found)) for found in allowed)
            said = f'Value of field "type" must be one of ({listed}).'
            check.form.wrong(f"{path}.{index}.type", "UNION_TYPE_CHOICES", said)
        elif in_modal and kind == Kind.ACTION_ROW:
            _check_inner(check, f"{path}.{index}", component, 1, 1, (Kind.TEXT_INPUT,))
        else:
            _RULES[Kind(kind)](check, f"{path}.{index}", component)


def _check_inner(
    check: _Check, path: str, component: Json, least: int, most: int, allowed: tuple[Kind, ...]
) -> None:
    inner = as_list(component.get("components")) or []
    check.form.count(f"{path}.components", len(inner), least, most)
    _check_all(check, f"{path}.components", inner, allowed)


def _check_custom_id(check: _Check, path: str, component: Json) -> None:
    custom_id = component.get("custom_id")
    check.form.length(f"{path}.custom_id", custom_id, 1, 100)
    if isinstance(custom_id, str) and custom_id in check.custom_ids:
        said = "Component custom id cannot be duplicated"
        check.form.wrong(f"{path}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", said)
    check.custom_ids.add(str(custom_id))


def _action_row(check: _Check, path: str, component: Json) -> None:
    inner = objects(component.get("components"))
    selects = any(found.get("type") in SELECTS for found in inner)
    _check_inner(check, path, component, 1, 1 if selects else 5, (Kind.BUTTON, *SELECTS))


def _button(check: _Check, path: str, component: Json) -> None:
    style = component.get("style")
    check.form.choice(f"{path}.style", style, (1, 2, 3, 4, 5, 6))
    if component.get("label") is not None:
        check.form.length(f"{path}.label", component["label"], 1, 80)
    if style == _PREMIUM:
        return
    if not component.get("label") and not component.get("emoji"):
        check.form.wrong(path, "BUTTON_COMPONENT_INVALID", "A button needs a label or an emoji")
    if style != _LINK:
        _check_custom_id(check, path, component)
        if component.get("url"):
            said = "A custom id and url cannot both be specified"
            check.form.wrong(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", said)
        return
    check.form.length(f"{path}.url", component.get("url"), 1, 512)
    _check_scheme(check, f"{path}.url", component.get("url"), ("http://", "https://", "discord://"))


def _select(check: _Check, path: str, component: Json) -> None:
    _check_custom_id(check, path, component)
    if component.get("placeholder") is not None:
        check.form.length(f"{path}.placeholder", component["placeholder"], 0, 150)
    if component.get("type") != Kind.STRING_SELECT:
        return
    _check_options(check, path, component, 1, 25)
    _check_values(check, path, component, max(len(objects(component.get("options"))), 1))


def _check_values(check: _Check, path: str, component: Json, most: int) -> None:
    """Demand that at least as many, and at most as many, may be chosen as there can be."""
    fewest, largest = (whole(component.get(name), 1) for name in ("min_values", "max_values"))
    check.form.number(f"{path}.min_values", component.get("min_values"), 0, largest)
    check.form.number(f"{path}.max_values", component.get("max_values"), max(fewest, 1), most)


def _check_options(check: _Check, path: str, component: Json, least: int, most: int) -> None:
    options = objects(component.get("options"))
    check.form.count(f"{path}.options", len(options), least, most)
    for index, option in enumerate(options):
        for name in ("label", "value"):
            check.form.length(f"{path}.options.{index}.{name}", option.get(name), 1, 100)
    values = [str(option.get("value")) for option in options]
    if len(set(values)) != len(values):
        said = "The specified option value is already used"
        check.form.wrong(f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", said)


def _section(check: _Check, path: str, component: Json) -> None:
    _check_inner(check, path, component, 1, 3, (Kind.TEXT_DISPLAY,))
    accessory = component.get("accessory")
    inner = [] if accessory is None else [accessory]
    if not inner:
        check.form.wrong(f"{path}.accessory", "BASE_TYPE_REQUIRED", "This field is required")
    _check_all(check, f"{path}.accessory", inner, (Kind.BUTTON, Kind.THUMBNAIL))


def _text_display(check: _Check, path: str, component: Json) -> None:
    check.form.length(f"{path}.content", component.get("content"), 1, _MOST_CHARACTERS)


def _thumbnail(check: _Check, path: str, component: Json) -> None:
    _check_media(check, f"{path}.media", component.get("media"))
    _check_description(check, path, component)


def _media_gallery(check: _Check, path: str, component: Json) -> None:
    items = objects(component.get("items"))
    check.form.count(f"{path}.items", len(items), 1, 10)
    for index, item in enumerate(items):
        _check_media(check, f"{path}.items.{index}.media", item.get("media"))
        _check_description(check, f"{path}.items.{index}", item)


def _file(check: _Check, path: str, component: Json) -> None:
    _check_media(check, f"{path}.file", component.get("file"), ("attachment://",))


def _separator(check: _Check, path: str, component: Json) -> None:
    check.form.choice(f"{path}.spacing", whole(component.get("spacing"), 1), (1, 2))


def _container(check: _Check, path: str, component: Json) -> None:
    inner = as_list(component.get("components")) or []
    check.form.count(f"{path}.components", len(inner), 1, _MOST_COMPONENTS)
    _check_all(check, f"{path}.components", inner, _IN_CONTAINER)
    check.form.number(f"{path}.accent_color", component.get("accent_color"), 0, 0xFFFFFF)


def _label(check: _Check, path: str, component: Json) -> None:
    check.form.length(f"{path}.label", component.get("label"), 1, 45)
    if component.get("description") is not None:
        check.form.length(f"{path}.description", component["description"], 0, 100)
    inner = component.get("component")
    _check_all(check, f"{path}.component", [] if inner is None else [inner], _IN_LABEL)
    if inner is None:
        check.form.wrong(f"{path}.component", "BASE_TYPE_REQUIRED", "This field is required")


def _text_input(check: _Check, path: str, component: Json) -> None:
    _check_custom_id(check, path, component)
    check.form.choice(f"{path}.style", component.get("style"), (1, 2))
    if component.get("label") is not None:
        check.form.length(f"{path}.label", component["label"], 1, 45)
    if component.get("placeholder") is not None:
        check.form.length(f"{path}.placeholder", component["placeholder"], 0, 100)
    if component.get("value") is not None:
        check.form.length(f"{path}.value", component["value"], 0, 4000)
    check.form.number(f"{path}.min_length", component.get("min_length"), 0, 4000)
    check.form.number(f"{path}.max_length", component.get("max_length"), 1, 4000)


def _file_upload(check: _Check, path: str, component: Json) -> None:
    _check_custom_id(check, path, component)
    _check_values(check, path, component, 10)


def _radio_group(check: _Check, path: str, component: Json) -> None:
    _check_custom_id(check, path, component)
    _check_options(check, path, component, 2, 10)


def _checkbox_group(check: _Check, path: str, component: Json) -> None:
    _check_custom_id(check, path, component)
    _check_options(check, path, component, 1, 10)


def _check_media(
    check: _Check,
    path: str,
    value: object,
    schemes: tuple[str, ...] = ("http://", "https://", "attachment://"),
) -> None:
    media = as_object(value)
    url = None if media is None else media.get("url")
    check.form.length(f"{path}.url", url, 1, 2048)
    if not isinstance(url, str):
        return
    _check_scheme(check, f"{path}.url", url, schemes)
    name = url.removeprefix("attachment://")
    if name != url and name not in check.files:
        said = "The referenced attachment was not found"
        code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
        check.form.wrong(f"{path}.url", code, said)


def _check_scheme(check: _Check, path: str, url: object, schemes: tuple[str, ...]) -> None:
    if isinstance(url, str) and not url.startswith(schemes):
        listed = ", ".join(repr(scheme.removesuffix("://")) for scheme in schemes)
        said = f"Scheme must be one of ({listed})."
        check.form.wrong(path, "URL_TYPE_INVALID_SCHEME", said)


def _check_description(check: _Check, path: str, component: Json) -> None:
    if component.get("description") is not None:
        check.form.length(f"{path}.description", component["description"], 0, 1024)


_RULES: Final[dict[Kind, Callable[[_Check, str, Json], None]]] = {
    Kind.ACTION_ROW: _action_row,
    Kind.BUTTON: _button,
    **dict.fromkeys(SELECTS, _select),
    Kind.TEXT_INPUT: _text_input,
    Kind.SECTION: _section,
    Kind.TEXT_DISPLAY: _text_display,
    Kind.THUMBNAIL: _thumbnail,
    Kind.MEDIA_GALLERY: _media_gallery,
    Kind.FILE: _file,
    Kind.SEPARATOR: _separator,
    Kind.CONTAINER: _container,
    Kind.LABEL: _label,
    Kind.FILE_UPLOAD: _file_upload,
    Kind.RADIO_GROUP: _radio_group,
    Kind.CHECKBOX_GROUP: _checkbox_group,
    Kind.CHECKBOX: _check_custom_id,
}
