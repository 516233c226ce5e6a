"""Knows how a message says what it carries of a video that is too large for it."""

from domain.catalogue import t
from workflow.publishing import Parcel


def arrival(user_id: int, parcel: Parcel) -> list[str]:
    """Tell a member that their video is ready, and what there is of it: a line or two."""
    member = f"<@{user_id}>"
    if parcel.video is not None or parcel.link is not None:
        return [t("{member} your video is ready.", member=member), *instead(parcel)]
    return [
        t("{member} your video is ready, but too large for here.", member=member),
        t("It is kept; a manager of the service can hand it to you."),
    ]


def instead(parcel: Parcel) -> list[str]:
    """Say what stands in the place of the video, if it is not there as it is."""
    until = f"<t:{parcel.until_ms // 1000}:D>"
    if parcel.is_copy and parcel.link is not None:
        return [
            t(
                "This is a smaller copy: the [original]({link}) is kept, and has a link until "
                "{until}.",
                link=parcel.link,
                until=until,
            )
        ]
    if parcel.is_copy:
        return [t("This is a smaller copy; the original is kept.")]
    if parcel.link is not None:
        return [
            t(
                "It is too large for here: [watch or download it]({link}) until {until}.",
                link=parcel.link,
                until=until,
            )
        ]
    return []
