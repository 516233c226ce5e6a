"""Watches the money at APIXO: reads the balance, warns the operator, ends or bears a shortage."""

from workflow.context import Context
from workflow.money import alarm, funds
from workflow.money.alarm import Tell
from workflow.money.reconcile import BalanceReader, latest


class MoneyWatch:
    """Looks after the money whenever it is asked to; `tell` reaches the operator."""

    def __init__(self, context: Context, tell: Tell) -> None:
        self._context = context
        self._tell = tell
        self._reader = BalanceReader(context)

    async def look(self) -> None:
        """Do whatever is due."""
        since_ms = (await funds.state(self._context)).short_since_ms
        reading = await self._reader.read_if_due(since_ms)
        if reading is not None:
            await alarm.about_balance(self._context, reading, self._tell)
        if since_ms is not None:
            known = await latest(self._context)
            await alarm.about_shortage(self._context, since_ms, known, self._tell)
            if not await funds.go_on_if_covered(self._context, since_ms):
                await funds.let_go(self._context, since_ms)
