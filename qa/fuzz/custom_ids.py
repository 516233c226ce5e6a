"""Custom ids of every component and form, with odd subjects in them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from random import Random
from types import MappingProxyType
from typing import Final

from cogs.films.controls import FilmAction
from cogs.generation.modals import RETRY_KINDS
from cogs.jobs.list_views import ListAction
from cogs.reports.controls import QueryField, ReportType
from cogs.servers.buttons import ServerAction
from cogs.settings.controls import ControlAction, SettingsPage
from cogs.settings.fields import FIELDS_BY_PAGE
from cogs.storyboards.controls import StoryboardAction
from cogs.ui.buttons import ButtonAction
from cogs.ui.shot_buttons import ShotAction
from domain.reports import Grouping, ReportPeriod
from qa.fuzz.mutators import mutate_text
from workflow.operator.parked_jobs import Decision

_MAX_CHARS: Final = 100
_ODD_IDS: Final = (
    *("0", "1", "-1", "", "None", "1e5", "0x10", " 1", "00012"),
    *(str(2**53 + 1), str(2**63 - 1), str(2**63), str(2**64 - 1), str(2**64), "9" * 30, "9" * 90),
    *("\u0661" * 18, "\uff11" * 19, "\U0001d7d9" * 18, "1" * 18 + "\n", "²" * 18),
)
_CONTROLS: Final = (
    *ControlAction,
    *(one.name for fields in FIELDS_BY_PAGE.values() for one in fields),
    *("unknown", "a" * 24),
)


@dataclass(frozen=True, slots=True)
class Subjects:
    """What custom ids may be about: jobs, and the ids of channels, roles, messages and servers."""

    jobs: tuple[str, ...]
    snowflakes: tuple[str, ...]
    names: tuple[str, ...] = field(default=("Film", "film noir", ""))

    def job(self, dice: Random) -> str:
        """Choose a job, or what looks like one."""
        return dice.choice((*self.jobs * 3, "0" * 20, "z", "newest", "last", *_ODD_IDS[:5]))

    def id(self, dice: Random) -> str:
        """Choose an id of something else, or one that cannot be."""
        return dice.choice((*self.snowflakes * 2, *_ODD_IDS))


_Make = Callable[[Subjects, Random], str]


def _query(dice: Random) -> str:
    one = dice.choice(list(product(ReportType, ReportPeriod, Grouping)))
    return ":".join(one)


def _settings(prefix: str) -> _Make:
    def make(subjects: Subjects, dice: Random) -> str:
        subject = dice.choice((subjects.id(dice), dice.choice(subjects.names)))
        return f"{prefix}:{dice.choice(list(SettingsPage))}:{dice.choice(_CONTROLS)}:{subject}"

    return make


def _parked(subjects: Subjects, dice: Random) -> str:
    return f"{subjects.job(dice)}:{dice.choice(('0', '1', '7', '9' * 18, '9' * 19))}"


_PAGES: Final = ("0", "3", "9" * 6)

COMPONENT_IDS: Final[Mapping[str, _Make]] = MappingProxyType(
    {
        "action": lambda s, dice: f"{dice.choice(list(ButtonAction))}:{s.job(dice)}",
        "action of a key": lambda s, dice: f"{dice.choice(list(ButtonAction))}:{s.id(dice)}",
        "price": lambda s, dice: f"buy:{s.job(dice)}:{s.id(dice)}",
        "page": lambda s, dice: f"jobs:{s.job(dice)}",
        "film": lambda s, dice: f"film:{dice.choice(list(FilmAction))}:{s.job(dice)}",
        "storyboard": lambda s, dice: f"board:{dice.choice(list(StoryboardAction))}:{s.job(dice)}",
        "shot": lambda s, dice: f"shot:{dice.choice(list(ShotAction))}:{s.job(dice)}",
        "film menu": lambda s, dice: f"film:pick:{s.id(dice)}",
        "list": lambda s, dice: f"jobs:{dice.choice(list(ListAction))}:{s.job(dice)}:{s.job(dice)}",
        "parked page": lambda _, dice: f"operator:page:{dice.choice(('0', '3', '9' * 6, '9' * 9))}",
        "decision": lambda s, dice: (
            f"operator:{dice.choice(('first', 'sure'))}:{dice.choice(list(Decision))}:"
            f"{_parked(s, dice)}"
        ),
        "release all": lambda s, dice: (
            f"operator:all:{dice.choice(('first', 'sure'))}:{s.id(dice)}"
        ),
        "server": lambda s, dice: (
            f"server:{dice.choice(list(ServerAction))}:{s.id(dice)}:{dice.choice(_PAGES)}"
        ),
        "server page": lambda _, dice: f"server:page:{dice.choice(_PAGES)}",
        "data": lambda _, dice: f"data:{dice.choice(('export', 'delete'))}",
        "notify": lambda s, dice: f"tell:{dice.choice(('on', 'off'))}:{s.id(dice)}",
        "picture": lambda s, dice: f"picture:{s.id(dice)}",
        "revoke": lambda s, dice: f"revoke:{dice.choice(('1', '7', '9' * 18, s.id(dice)))}",
        "csv": lambda _, dice: f"csv:{_query(dice)}",
        "report": lambda _, dice: f"{dice.choice(list(QueryField))}:{_query(dice)}",
        "settings": _settings("settings"),
        "settings form again": lambda s, dice: f"settings-retype:{s.id(dice)}",
    }
)
"""Makers of components' custom ids; a test holds that each pattern of the service has one."""

FORM_IDS: Final[Mapping[str, _Make]] = MappingProxyType(
    {
        "edit": lambda s, dice: f"form:{s.job(dice)}:{s.id(dice)}",
        "extend": lambda s, dice: f"extend:{s.job(dice)}:{s.id(dice)}",
        "compose": lambda s, dice: f"compose:{s.id(dice)}",
        "animate": lambda s, dice: (
            f"animate:{s.id(dice)}:{dice.choice(('0', '1', '2', '99', '100'))}:{s.id(dice)}"
        ),
        "refer": lambda s, dice: f"refer:{s.id(dice)}:{s.id(dice)}",
        "mend": lambda s, dice: f"mend:{dice.choice(RETRY_KINDS)}:{s.id(dice)}:{s.id(dice)}",
        "storyboard": lambda s, dice: f"mend:storyboard:{s.id(dice)}:{s.id(dice)}",
        "task": lambda s, dice: f"operator:task:{_parked(s, dice)}",
        "limit of a server": lambda s, dice: (
            f"server:amount:{s.id(dice)}:{dice.choice(('0', '3'))}"
        ),
        "settings": _settings("settings-form"),
    }
)
"""Makers of forms' custom ids."""


def odd_custom_id(makers: Mapping[str, _Make], subjects: Subjects, dice: Random) -> str:
    """Make a custom id that Discord would take: of ours, changed somewhere, or of nobody."""
    made = makers[dice.choice(list(makers))](subjects, dice)
    if dice.random() < 0.15:
        made = mutate_text(made, dice)
    return made[:_MAX_CHARS] or "x"


def examples(makers: Mapping[str, _Make], subjects: Subjects, dice: Random) -> Iterator[str]:
    """Yield some custom ids of each maker."""
    for make in makers.values():
        yield from (make(subjects, dice) for _ in range(300))
