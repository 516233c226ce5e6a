"""Knows how a member fills in a form, and what the client makes of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.discord import payloads
from sandbox.discord.components import SELECTS, Kind
from sandbox.discord.errors import ClientRefused
from sandbox.discord.json_values import Json, as_object, objects, whole
from sandbox.discord.models import Channel, Role, User, walk
from sandbox.discord.typing_in import Resolved, Upload, UploadFile

_FIELDS = (
    *SELECTS,
    Kind.TEXT_INPUT,
    Kind.FILE_UPLOAD,
    Kind.RADIO_GROUP,
    Kind.CHECKBOX_GROUP,
    Kind.CHECKBOX,
)


class Filler:
    """Fills in one form for one member."""

    def __init__(self, user: User, resolved: Resolved, upload: UploadFile) -> None:
        self._user = user
        self._resolved = resolved
        self._upload = upload

    async def fill(self, modal: Json, values: Mapping[str, Any]) -> Json:
        """Write the form as the client sends it off.

        Raises:
            ClientRefused: it has no such field, or a field does not take such a value.
        """
        parts = objects(modal.get("components"))
        fields = {found["custom_id"] for found in walk(parts) if found.get("type") in _FIELDS}
        strange = set(values) - fields
        if strange:
            raise ClientRefused(f"the form has no field {', '.join(sorted(strange))}")
        sent = [await self._part(part, index, values) for index, part in enumerate(parts, 1)]
        body: Json = {"custom_id": modal["custom_id"], "components": sent}
        return body | ({"resolved": self._resolved.found} if self._resolved.found else {})

    async def _part(self, part: Json, index: int, values: Mapping[str, Any]) -> Json:
        base: Json = {"type": part["type"], "id": part.get("id") or index}
        if part["type"] == Kind.TEXT_DISPLAY:
            return base
        if part["type"] == Kind.LABEL:
            return {**base, "component": await self._field(part["component"], values)}
        return {**base, "components": [await self._field(part["components"][0], values)]}

    async def _field(self, field: Json, values: Mapping[str, Any]) -> Json:
        custom_id = field["custom_id"]
        value = values.get(custom_id)
        base: Json = {"type": field["type"], "id": field.get("id", 0), "custom_id": custom_id}
        match Kind(field["type"]):
            case Kind.TEXT_INPUT:
                return {**base, "value": _text(field, value)}
            case Kind.FILE_UPLOAD:
                return {**base, "values": await self._files(field, value or [])}
            case Kind.RADIO_GROUP:
                return {**base, "value": _radio(field, value)}
            case Kind.CHECKBOX:
                ticked = bool(field.get("default")) if value is None else bool(value)
                return {**base, "value": ticked}
            case _:
                given = _defaults(field) if value is None else value
                return {**base, "values": chosen(field, given, self._resolved, self._user)}

    async def _files(self, field: Json, files: Sequence[Path | Upload]) -> list[str]:
        least, most = _range(field)
        if not least <= len(files) <= most:
            raise ClientRefused(f"{field['custom_id']} takes {least} to {most} files")
        made = [await self._upload(file) for file in files]
        return [
            self._resolved.add("attachments", found.id, payloads.attachment_json(found))
            for found in made
        ]


def chosen(menu: Json, values: Sequence[Any], resolved: Resolved, user: User) -> list[str]:
    """Check what is chosen from a menu (or ticked in a group) and write it as the client does.

    Raises:
        ClientRefused: it is too little, too much, or not offered.
    """
    least, most = _range(menu)
    if not least <= len(values) <= most:
        raise ClientRefused(f"{menu['custom_id']} takes {least} to {most} choices")
    if menu["type"] in (Kind.STRING_SELECT, Kind.CHECKBOX_GROUP):
        return [_offered(menu, value) for value in values]
    return [_thing(menu, value, resolved, user) for value in values]


def _range(field: Json) -> tuple[int, int]:
    """Tell how many may be chosen, ticked or attached, at least and at most."""
    offered = len(objects(field.get("options"))) if field["type"] == Kind.CHECKBOX_GROUP else 1
    least = whole(field.get("min_values"), 1) if field.get("required") is not False else 0
    return least, whole(field.get("max_values"), offered)


def _offered(menu: Json, value: Any) -> str:
    for option in objects(menu.get("options")):
        if value in (option["value"], option["label"]):
            return option["value"]
    raise ClientRefused(f"{menu['custom_id']} does not offer {value!r}")


def _thing(menu: Json, value: Any, resolved: Resolved, user: User) -> str:
    kind = menu["type"]
    person = value if isinstance(value, User) else getattr(value, "user", None)
    if isinstance(person, User) and kind in (Kind.USER_SELECT, Kind.MENTIONABLE_SELECT):
        return resolved.add_user(person)
    if isinstance(value, Role) and kind in (Kind.ROLE_SELECT, Kind.MENTIONABLE_SELECT):
        body = payloads.role_json(value, list(resolved.guild.roles).index(value.id))
        return resolved.add("roles", value.id, body)
    if isinstance(value, Channel) and kind == Kind.CHANNEL_SELECT:
        return resolved.add_channel(value, user)
    raise ClientRefused(f"{menu['custom_id']} does not offer {value!r}")


def _defaults(field: Json) -> list[Any]:
    return [option["value"] for option in objects(field.get("options")) if option.get("default")]


def _text(field: Json, value: Any) -> str:
    text = field.get("value") or "" if value is None else value
    required = field.get("required") is not False
    least = whole(field.get("min_length"), 1 if required else 0)
    most = whole(field.get("max_length"), 4000)
    if not isinstance(text, str):
        raise ClientRefused(f"{field['custom_id']} is text")
    if (text or required) and not least <= len(text) <= most:
        raise ClientRefused(f"{field['custom_id']} has {least} to {most} characters")
    return text


def _radio(field: Json, value: Any) -> str | None:
    given = next(iter(_defaults(field)), None) if value is None else value
    if given is None:
        if field.get("required") is not False:
            raise ClientRefused(f"{field['custom_id']} has to be chosen")
        return None
    return _offered(as_object(field) or {}, given)
