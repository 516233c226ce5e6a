"""How Discord returns a command: what it adds to the one given, and what it leaves out."""

from sandbox.discord.json_values import Json, as_list, as_objects

_OPTION_FIELDS = (
    "min_value",
    "max_value",
    "min_length",
    "max_length",
    "channel_types",
)
_LOCALIZATIONS = ("name_localizations", "description_localizations")


def shown(command: Json, kind: int) -> Json:
    """Write a command as Discord does, without its ids."""
    permissions = command.get("default_member_permissions")
    contexts = as_list(command.get("contexts"))
    body: Json = {
        "type": kind,
        "name": command["name"],
        "name_localizations": command.get("name_localizations") or None,
        "description": command.get("description", ""),
        "description_localizations": command.get("description_localizations") or None,
        "default_member_permissions": None if permissions is None else str(permissions),
        "dm_permission": command.get("dm_permission", True) if contexts is None else 1 in contexts,
        "nsfw": bool(command.get("nsfw")),
        "contexts": contexts,
        "integration_types": command.get("integration_types", [0]),
    }
    options = [_shown_option(option) for option in as_objects(command.get("options"))]
    return body | ({"options": options} if options else {})


def without_localizations(thing: Json) -> Json:
    """Leave a command's translations out, also those of its options and choices."""
    kept = {name: value for name, value in thing.items() if name not in _LOCALIZATIONS}
    for name in ("options", "choices"):
        if name in kept:
            kept[name] = [without_localizations(part) for part in as_objects(kept[name])]
    return kept


def _shown_option(option: Json) -> Json:
    """Write an option; what is false or empty is left out."""
    body: Json = {
        "type": option.get("type"),
        "name": option.get("name"),
        "name_localizations": option.get("name_localizations") or None,
        "description": option.get("description"),
        "description_localizations": option.get("description_localizations") or None,
    }
    body |= {name: True for name in ("required", "autocomplete") if option.get(name)}
    body |= {name: option[name] for name in _OPTION_FIELDS if option.get(name) is not None}
    if choices := as_objects(option.get("choices")):
        body["choices"] = [_shown_choice(choice) for choice in choices]
    if options := as_objects(option.get("options")):
        body["options"] = [_shown_option(part) for part in options]
    return body


def _shown_choice(choice: Json) -> Json:
    return {
        "name": choice.get("name"),
        "name_localizations": choice.get("name_localizations") or None,
        "value": choice.get("value"),
    }
