"""Modal submissions: what a member fills in, as Discord's client sends it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.discord import serializers
from sandbox.discord.command_validation import ResolvedData, Upload, UploadFile
from sandbox.discord.component_types import FIELDS, ComponentType
from sandbox.discord.errors import ClientActionRefused
from sandbox.discord.json_values import Json, as_id, as_int, as_list, as_object, as_objects
from sandbox.discord.models import Channel, Role, User, walk_components
from sandbox.discord.world import World


class MenuSelector:
    """Chooses from menus for one user, and notes what is chosen."""

    def __init__(self, user: User, resolved: ResolvedData, world: World) -> None:
        self.resolved = resolved
        self._user = user
        self._world = world

    def select(self, menu: Json, values: object, *, optional: bool = False) -> list[str]:
        """Check what is chosen from a menu (or ticked in a group), and write it as the client does.

        Raises:
            ClientActionRefused: it is too little, too much, or not offered.
        """
        chosen = as_list(values)
        if chosen is None:
            raise ClientActionRefused(f"{menu['custom_id']} takes a list")
        _check_count(menu, len(chosen), "choices", optional=optional)
        if menu["type"] in (ComponentType.STRING_SELECT, ComponentType.CHECKBOX_GROUP):
            return _once(menu, [_offered(menu, value) for value in chosen])
        return _once(menu, [self._thing(menu, value) for value in chosen])

    def _thing(self, menu: Json, value: Any) -> str:
        if (number := as_id(value)) is not None:
            value = self._world.find_entity(number, self.resolved.channel)
        kind = menu["type"]
        person = value if isinstance(value, User) else getattr(value, "user", None)
        if isinstance(person, User) and kind in (
            ComponentType.USER_SELECT,
            ComponentType.MENTIONABLE_SELECT,
        ):
            return self.resolved.add_user(person)
        if isinstance(value, Role) and kind in (
            ComponentType.ROLE_SELECT,
            ComponentType.MENTIONABLE_SELECT,
        ):
            return self.resolved.add_role(value)
        if isinstance(value, Channel) and kind == ComponentType.CHANNEL_SELECT:
            offered = as_list(menu.get("channel_types"))
            if not offered or value.type in offered:
                return self.resolved.add_channel(value, self._user)
        raise ClientActionRefused(f"{menu['custom_id']} does not offer this")


class ModalFiller:
    """Fills in one form for one member."""

    def __init__(self, chooser: MenuSelector, upload: UploadFile) -> None:
        self._chooser = chooser
        self._resolved = chooser.resolved
        self._upload = upload

    async def fill(self, modal: Json, values: Mapping[str, Any]) -> Json:
        """Write the form as the client sends it off.

        Raises:
            ClientActionRefused: it has no such field, or a field does not take such a value.
        """
        parts = as_objects(modal.get("components"))
        fields = {
            found["custom_id"] for found in walk_components(parts) if found.get("type") in FIELDS
        }
        strange = set(values) - fields
        if strange:
            raise ClientActionRefused(f"the form has no field {', '.join(sorted(strange))}")
        sent = [await self._part(part, values) for part in parts]
        body: Json = {"custom_id": modal["custom_id"], "components": sent}
        return body | ({"resolved": self._resolved.data} if self._resolved.data else {})

    async def _part(self, part: Json, values: Mapping[str, Any]) -> Json:
        base: Json = {"type": part["type"], "id": part["id"]}
        if part["type"] == ComponentType.TEXT_DISPLAY:
            return base
        if part["type"] == ComponentType.LABEL:
            return {**base, "component": await self._field(part["component"], values)}
        return {**base, "components": [await self._field(part["components"][0], values)]}

    async def _field(self, field: Json, values: Mapping[str, Any]) -> Json:
        custom_id = field["custom_id"]
        value = values.get(custom_id)
        base: Json = {"type": field["type"], "id": field["id"], "custom_id": custom_id}
        match ComponentType(field["type"]):
            case ComponentType.TEXT_INPUT:
                return {**base, "value": _text(field, value)}
            case ComponentType.FILE_UPLOAD:
                return {**base, "values": await self._files(field, value)}
            case ComponentType.RADIO_GROUP:
                return {**base, "value": _radio(field, value)}
            case ComponentType.CHECKBOX:
                return {**base, "value": _ticked(field, value)}
            case _:
                given = _defaults(field) if value is None else value
                optional = field.get("required") is False
                return {**base, "values": self._chooser.select(field, given, optional=optional)}

    async def _files(self, field: Json, value: object) -> list[str]:
        files = [] if value is None else as_list(value)
        if files is None or not all(isinstance(file, Path | Upload) for file in files):
            raise ClientActionRefused(f"{field['custom_id']} takes files")
        _check_count(field, len(files), "files", optional=field.get("required") is False)
        made = [await self._upload(file) for file in files]
        return [
            self._resolved.add("attachments", found.id, serializers.attachment_json(found))
            for found in made
        ]


def _check_count(field: Json, number: int, what: str, *, optional: bool) -> None:
    """Refuse too many, and too few; but nothing at all is all right where it is optional."""
    unsaid = (
        len(as_objects(field.get("options")))
        if field["type"] == ComponentType.CHECKBOX_GROUP
        else 1
    )
    least, most = as_int(field.get("min_values"), 1), as_int(field.get("max_values"), unsaid)
    if not least <= number <= most and not (optional and number == 0):
        raise ClientActionRefused(f"{field['custom_id']} takes {least} to {most} {what}")


def _once(menu: Json, values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ClientActionRefused(f"{menu['custom_id']} takes each choice once")
    return values


def _offered(menu: Json, value: Any) -> str:
    for option in as_objects(menu.get("options")):
        if value in (option["value"], option["label"]):
            return option["value"]
    raise ClientActionRefused(f"{menu['custom_id']} does not offer {value!r}")


def _defaults(field: Json) -> list[Any]:
    """List what is chosen before the member chooses."""
    ticked = [
        option["value"] for option in as_objects(field.get("options")) if option.get("default")
    ]
    return ticked + [found["id"] for found in as_objects(field.get("default_values"))]


def _ticked(field: Json, value: object) -> bool:
    given = field.get("default") is True if value is None else value
    if not isinstance(given, bool):
        raise ClientActionRefused(f"{field['custom_id']} is ticked or not")
    return given


def _text(field: Json, value: Any) -> str:
    text = field.get("value") or "" if value is None else value
    required = field.get("required") is not False
    least = as_int(field.get("min_length"), 1 if required else 0)
    most = as_int(field.get("max_length"), 4000)
    if not isinstance(text, str):
        raise ClientActionRefused(f"{field['custom_id']} is text")
    if (text or required) and not least <= len(text) <= most:
        raise ClientActionRefused(f"{field['custom_id']} has {least} to {most} characters")
    return text


def _radio(field: Json, value: Any) -> str | None:
    given = next(iter(_defaults(field)), None) if value is None else value
    if given is None:
        if field.get("required") is not False:
            raise ClientActionRefused(f"{field['custom_id']} has to be chosen")
        return None
    return _offered(as_object(field) or {}, given)
