"""Knows Discord's rules for components: classic rows, Components V2, and forms (modals)."""

from collections.abc import Callable, Mapping
from typing import Final

from sandbox.discord.component_fields import FIELD_RULES, Check, check_scheme
from sandbox.discord.component_types import FIELDS, SELECTS, Kind
from sandbox.discord.errors import Form
from sandbox.discord.json_values import Json, as_list, as_object, objects, whole
from sandbox.discord.models import component_texts, walk

_MOST_COMPONENTS: Final = 40
_MOST_CHARACTERS: Final = 4000
_IN_CONTAINER: Final = (
    Kind.ACTION_ROW,
    Kind.TEXT_DISPLAY,
    Kind.SECTION,
    Kind.MEDIA_GALLERY,
    Kind.SEPARATOR,
    Kind.FILE,
)
_ON_TOP: Final = (*_IN_CONTAINER, Kind.CONTAINER)


def check_message(form: Form, value: object, *, v2: bool, files: frozenset[str]) -> None:
    """Note what is wrong with a message's components; `files` are the names it may refer to."""
    components, check = as_list(value) or [], Check(form, files)
    _check_ids(form, "components", components)
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
    _check_ids(form, "data.components", components)
    allowed = (Kind.ACTION_ROW, Kind.LABEL, Kind.TEXT_DISPLAY)
    _check_all(Check(form, in_modal=True), "data.components", components, allowed)
    form.close()


def numbered(components: list[Json]) -> list[Json]:
    """Give every component without an id the next free one, as Discord does.

    What is chosen in a menu at first is named by text, however its id was sent.
    """
    taken = {whole(found.get("id"), 0) for found in walk(components)}
    free = (number for number in range(1, 1000) if number not in taken)
    for component in walk(components):
        if not whole(component.get("id"), 0):
            component["id"] = next(free)
        for chosen in objects(component.get("default_values")):
            chosen["id"] = str(chosen["id"])
    return components


def _check_ids(form: Form, path: str, components: list[object]) -> None:
    given = [found["id"] for found in walk(objects(components)) if whole(found.get("id"), 0)]
    if len(set(given)) != len(given):
        form.wrong(path, "COMPONENT_ID_DUPLICATED", "Component ids must be unique")


def _check_all(
    check: Check, path: str, components: list[object], allowed: tuple[Kind, ...]
) -> None:
    for index, value in enumerate(components):
        component = as_object(value)
        kind = None if component is None else component.get("type")
        if component is None or isinstance(kind, bool) or kind not in allowed:
            listed = ", ".join(str(int(found)) for found in allowed)
            said = f'Value of field "type" must be one of ({listed}).'
            check.form.wrong(f"{path}.{index}.type", "UNION_TYPE_CHOICES", said)
        else:
            _RULES[Kind(kind)](check, f"{path}.{index}", component)


def _check_inner(
    check: Check, path: str, component: Json, least: int, most: int, allowed: tuple[Kind, ...]
) -> None:
    inner = as_list(component.get("components")) or []
    check.form.count(f"{path}.components", len(inner), least, most)
    _check_all(check, f"{path}.components", inner, allowed)


def _action_row(check: Check, path: str, component: Json) -> None:
    inner = objects(component.get("components"))
    if check.in_modal:
        _check_inner(check, path, component, 1, 1, (Kind.TEXT_INPUT,))
        for found in inner:
            check.form.length(f"{path}.components.0.label", found.get("label"), 1, 45)
        return
    selects = any(found.get("type") in SELECTS for found in inner)
    _check_inner(check, path, component, 1, 1 if selects else 5, (Kind.BUTTON, *SELECTS))


def _section(check: Check, path: str, component: Json) -> None:
    _check_inner(check, path, component, 1, 3, (Kind.TEXT_DISPLAY,))
    accessory = component.get("accessory")
    inner = [] if accessory is None else [accessory]
    if not inner:
        check.form.wrong(f"{path}.accessory", "BASE_TYPE_REQUIRED", "This field is required")
    _check_all(check, f"{path}.accessory", inner, (Kind.BUTTON, Kind.THUMBNAIL))


def _text_display(check: Check, path: str, component: Json) -> None:
    check.form.length(f"{path}.content", component.get("content"), 1, _MOST_CHARACTERS)


def _thumbnail(check: Check, path: str, component: Json) -> None:
    _check_media(check, f"{path}.media", component.get("media"))
    _check_description(check, path, component)


def _media_gallery(check: Check, path: str, component: Json) -> None:
    items = objects(component.get("items"))
    check.form.count(f"{path}.items", len(items), 1, 10)
    for index, item in enumerate(items):
        _check_media(check, f"{path}.items.{index}.media", item.get("media"))
        _check_description(check, f"{path}.items.{index}", item)


def _file(check: Check, path: str, component: Json) -> None:
    _check_media(check, f"{path}.file", component.get("file"), ("attachment://",))


def _separator(check: Check, path: str, component: Json) -> None:
    check.form.choice(f"{path}.spacing", whole(component.get("spacing"), 1), (1, 2))


def _container(check: Check, path: str, component: Json) -> None:
    inner = as_list(component.get("components")) or []
    check.form.count(f"{path}.components", len(inner), 1, _MOST_COMPONENTS)
    _check_all(check, f"{path}.components", inner, _IN_CONTAINER)
    check.form.number(f"{path}.accent_color", component.get("accent_color"), 0, 0xFFFFFF)


def _label(check: Check, path: str, component: Json) -> None:
    check.form.length(f"{path}.label", component.get("label"), 1, 45)
    if component.get("description") is not None:
        check.form.length(f"{path}.description", component["description"], 0, 100)
    inner = component.get("component")
    _check_all(check, f"{path}.component", [] if inner is None else [inner], FIELDS)
    if inner is None:
        check.form.wrong(f"{path}.component", "BASE_TYPE_REQUIRED", "This field is required")


def _check_media(
    check: Check,
    path: str,
    value: object,
    schemes: tuple[str, ...] = ("http://", "https://", "attachment://"),
) -> None:
    media = as_object(value)
    url = None if media is None else media.get("url")
    check.form.length(f"{path}.url", url, 1, 2048)
    if not isinstance(url, str):
        return
    check_scheme(check, f"{path}.url", url, schemes)
    name = url.removeprefix("attachment://")
    if name != url and name not in check.files:
        said = "The referenced attachment was not found"
        code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
        check.form.wrong(f"{path}.url", code, said)


def _check_description(check: Check, path: str, component: Json) -> None:
    if component.get("description") is not None:
        check.form.length(f"{path}.description", component["description"], 0, 1024)


_RULES: Final[Mapping[Kind, Callable[[Check, str, Json], None]]] = {
    **FIELD_RULES,
    Kind.ACTION_ROW: _action_row,
    Kind.SECTION: _section,
    Kind.TEXT_DISPLAY: _text_display,
    Kind.THUMBNAIL: _thumbnail,
    Kind.MEDIA_GALLERY: _media_gallery,
    Kind.FILE: _file,
    Kind.SEPARATOR: _separator,
    Kind.CONTAINER: _container,
    Kind.LABEL: _label,
}
