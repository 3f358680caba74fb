"""Several logins for one image, as the kubelet uses them: the next one where one was refused. A rotation needs that."""

from collections.abc import Sequence

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import Finding


class InTurn:
    """A LoginSource. Threads may share it."""

    def __init__(self, logins: Sequence[Login]) -> None:
        self._logins = list(logins)
        self._at = 0

    def current(self) -> Login:
        """The first that was not refused; the last where all were."""
        return self._logins[self._at]

    def again(self, refused: Login | None) -> bool:
        """Go on to the next."""
        if refused == self.current() and self._at + 1 < len(self._logins):
            self._at += 1
        return self.current() != refused

    def findings(self) -> Sequence[Finding]:
        """None: nothing was looked for."""
        return ()
