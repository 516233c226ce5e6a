"""Discord's rules for components: classic rows, Components V2, and forms (modals)."""

from collections.abc import Callable, Mapping
from typing import Final

from sandbox.discord.component_fields import FIELD_RULES, ComponentCheck, check_scheme
from sandbox.discord.component_types import FIELDS, SELECTS, ComponentType
from sandbox.discord.errors import FieldErrors
from sandbox.discord.json_values import Json, as_int, as_list, as_object, as_objects
from sandbox.discord.models import component_texts, walk_components

_MOST_COMPONENTS: Final = 40
_MOST_CHARACTERS: Final = 4000
_IN_CONTAINER: Final = (
    ComponentType.ACTION_ROW,
    ComponentType.TEXT_DISPLAY,
    ComponentType.SECTION,
    ComponentType.MEDIA_GALLERY,
    ComponentType.SEPARATOR,
    ComponentType.FILE,
)
_ON_TOP: Final = (*_IN_CONTAINER, ComponentType.CONTAINER)


def check_message_components(
    form: FieldErrors, value: object, *, v2: bool, files: frozenset[str]
) -> None:
    """Note what is wrong with a message's components; `files` are the names it may refer to."""
    components, check = as_list(value) or [], ComponentCheck(form, files)
    _check_ids(form, "components", components)
    if not v2:
        form.check_count("components", len(components), 0, 5)
    allowed = _ON_TOP if v2 else (ComponentType.ACTION_ROW,)
    _check_all(check, "components", components, allowed)
    known = as_objects(components)
    if v2 and len(walk_components(known)) > _MOST_COMPONENTS:
        said = f"The total number of components must not exceed {_MOST_COMPONENTS}"
        form.add("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", said)
    if v2 and sum(map(len, component_texts(known))) > _MOST_CHARACTERS:
        said = f"The displayed text must not exceed {_MOST_CHARACTERS} characters"
        form.add("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", said)


def check_modal(data: Json) -> None:
    """Check a form.

    Raises:
        Refused: 50035 with everything that is wrong.
    """
    form = FieldErrors()
    form.check_length("data.custom_id", data.get("custom_id"), 1, 100)
    form.check_length("data.title", data.get("title"), 1, 45)
    components = as_list(data.get("components")) or []
    form.check_count("data.components", len(components), 1, 5)
    _check_ids(form, "data.components", components)
    allowed = (ComponentType.ACTION_ROW, ComponentType.LABEL, ComponentType.TEXT_DISPLAY)
    _check_all(ComponentCheck(form, in_modal=True), "data.components", components, allowed)
    form.raise_if_any()


def with_ids(components: list[Json]) -> list[Json]:
    """Give every component without an id the next free one, as Discord does.

    What is chosen in a menu at first is named by text, however its id was sent.
    """
    taken = {as_int(found.get("id"), 0) for found in walk_components(components)}
    free = (number for number in range(1, 1000) if number not in taken)
    for component in walk_components(components):
        if not as_int(component.get("id"), 0):
            component["id"] = next(free)
        for chosen in as_objects(component.get("default_values")):
            chosen["id"] = str(chosen["id"])
    return components


def _check_ids(form: FieldErrors, path: str, components: list[object]) -> None:
    given = [
        found["id"]
        for found in walk_components(as_objects(components))
        if as_int(found.get("id"), 0)
    ]
    if len(set(given)) != len(given):
        form.add(path, "COMPONENT_ID_DUPLICATED", "Component ids must be unique")


def _check_all(
    check: ComponentCheck, path: str, components: list[object], allowed: tuple[ComponentType, ...]
) -> None:
    for index, value in enumerate(components):
        component = as_object(value)
        kind = None if component is None else component.get("type")
        if component is None or isinstance(kind, bool) or kind not in allowed:
            listed = ", ".join(str(int(found)) for found in allowed)
            said = f'Value of field "type" must be one of ({listed}).'
            check.errors.add(f"{path}.{index}.type", "UNION_TYPE_CHOICES", said)
        else:
            _RULES[ComponentType(kind)](check, f"{path}.{index}", component)


def _check_inner(
    check: ComponentCheck,
    path: str,
    component: Json,
    least: int,
    most: int,
    allowed: tuple[ComponentType, ...],
) -> None:
    inner = as_list(component.get("components")) or []
    check.errors.check_count(f"{path}.components", len(inner), least, most)
    _check_all(check, f"{path}.components", inner, allowed)


def _action_row(check: ComponentCheck, path: str, component: Json) -> None:
    inner = as_objects(component.get("components"))
    if check.in_modal:
        _check_inner(check, path, component, 1, 1, (ComponentType.TEXT_INPUT,))
        for found in inner:
            check.errors.check_length(f"{path}.components.0.label", found.get("label"), 1, 45)
        return
    selects = any(found.get("type") in SELECTS for found in inner)
    _check_inner(check, path, component, 1, 1 if selects else 5, (ComponentType.BUTTON, *SELECTS))


def _section(check: ComponentCheck, path: str, component: Json) -> None:
    _check_inner(check, path, component, 1, 3, (ComponentType.TEXT_DISPLAY,))
    accessory = component.get("accessory")
    inner = [] if accessory is None else [accessory]
    if not inner:
        check.errors.add(f"{path}.accessory", "BASE_TYPE_REQUIRED", "This field is required")
    _check_all(check, f"{path}.accessory", inner, (ComponentType.BUTTON, ComponentType.THUMBNAIL))


def _text_display(check: ComponentCheck, path: str, component: Json) -> None:
    check.errors.check_length(f"{path}.content", component.get("content"), 1, _MOST_CHARACTERS)


def _thumbnail(check: ComponentCheck, path: str, component: Json) -> None:
    _check_media(check, f"{path}.media", component.get("media"))
    _check_description(check, path, component)


def _media_gallery(check: ComponentCheck, path: str, component: Json) -> None:
    items = as_objects(component.get("items"))
    check.errors.check_count(f"{path}.items", len(items), 1, 10)
    for index, item in enumerate(items):
        _check_media(check, f"{path}.items.{index}.media", item.get("media"))
        _check_description(check, f"{path}.items.{index}", item)


def _file(check: ComponentCheck, path: str, component: Json) -> None:
    _check_media(check, f"{path}.file", component.get("file"), ("attachment://",))


def _separator(check: ComponentCheck, path: str, component: Json) -> None:
    check.errors.check_choice(f"{path}.spacing", as_int(component.get("spacing"), 1), (1, 2))


def _container(check: ComponentCheck, path: str, component: Json) -> None:
    inner = as_list(component.get("components")) or []
    check.errors.check_count(f"{path}.components", len(inner), 1, _MOST_COMPONENTS)
    _check_all(check, f"{path}.components", inner, _IN_CONTAINER)
    check.errors.check_number(f"{path}.accent_color", component.get("accent_color"), 0, 0xFFFFFF)


def _label(check: ComponentCheck, path: str, component: Json) -> None:
    check.errors.check_length(f"{path}.label", component.get("label"), 1, 45)
    if component.get("description") is not None:
        check.errors.check_length(f"{path}.description", component["description"], 0, 100)
    inner = component.get("component")
    _check_all(check, f"{path}.component", [] if inner is None else [inner], FIELDS)
    if inner is None:
        check.errors.add(f"{path}.component", "BASE_TYPE_REQUIRED", "This field is required")


def _check_media(
    check: ComponentCheck,
    path: str,
    value: object,
    schemes: tuple[str, ...] = ("http://", "https://", "attachment://"),
) -> None:
    media = as_object(value)
    url = None if media is None else media.get("url")
    check.errors.check_length(f"{path}.url", url, 1, 2048)
    if not isinstance(url, str):
        return
    check_scheme(check, f"{path}.url", url, schemes)
    name = url.removeprefix("attachment://")
    if name != url and name not in check.files:
        said = "The referenced attachment was not found"
        code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
        check.errors.add(f"{path}.url", code, said)


def _check_description(check: ComponentCheck, path: str, component: Json) -> None:
    if component.get("description") is not None:
        check.errors.check_length(f"{path}.description", component["description"], 0, 1024)


_RULES: Final[Mapping[ComponentType, Callable[[ComponentCheck, str, Json], None]]] = {
    **FIELD_RULES,
    ComponentType.ACTION_ROW: _action_row,
    ComponentType.SECTION: _section,
    ComponentType.TEXT_DISPLAY: _text_display,
    ComponentType.THUMBNAIL: _thumbnail,
    ComponentType.MEDIA_GALLERY: _media_gallery,
    ComponentType.FILE: _file,
    ComponentType.SEPARATOR: _separator,
    ComponentType.CONTAINER: _container,
    ComponentType.LABEL: _label,
}
