"""Every guard there is."""

from tests.guards.against_strangers import AGAINST_STRANGERS
from tests.guards.of_money import OF_MONEY
from tests.guards.of_the_belt import OF_THE_BELT

GUARDS = (*OF_MONEY, *OF_THE_BELT, *AGAINST_STRANGERS)
