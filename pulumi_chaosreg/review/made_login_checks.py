"""Until when the pull credentials that owners make are good: what nobody sees in a stack file."""

from collections.abc import Iterable, Iterator
from datetime import date

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.made_by_owner import MadeByOwner
from pulumi_chaosreg.scopes.resolved import ResolvedConfig


def check_made_logins(configs: Iterable[ResolvedConfig], today: date) -> Iterator[Finding]:
    """CHR0546, a hint, once for each: when the stacks must have been `up` again."""
    users: dict[MadeByOwner, set[str]] = {}
    for config in configs:
        for _, delivery in config.logins:
            if delivery.made:
                users.setdefault(delivery.made, set()).add(config.infrastructure.stack)
    for made, stacks in users.items():
        turn, _ = made.turns(today)
        successor = (turn.begins + (turn.ends - turn.begins) / 2).isoformat()
        others = sorted(stacks - {made.owner.stack})
        order = f"`{made.owner.stack}`" + (f", then in {', '.join(f'`{one}`' for one in others)}" if others else "")
        yield Finding(
            "CHR0546",
            f"the pull credential that is made for `{made.path}` now is good until {turn.ends.isoformat()}",
            made.place,
            help=f"its successor is made from {successor} on: between these days run `pulumi up` in {order}",
            severity="hint",
        )
