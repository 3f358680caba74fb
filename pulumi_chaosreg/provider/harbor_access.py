"""What the resources of a Harbor share: who asks it, the forms of their ids, and what a refresh does where Harbor could
not be asked.
"""

import hashlib
import os
import threading
from collections.abc import Callable

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.harbor.client import PATIENCE, Harbor
from pulumi_chaosreg.harbor.login import login_of
from pulumi_chaosreg.oci.patience import Patience
from pulumi_chaosreg.provider.resource import Found, Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.unknown import has_unknown
from pulumi_chaosreg.registries.servers import canonical_server
from pulumi_chaosreg.resources.table import Properties

USER, PASSWORD = "HARBOR_USERNAME", "HARBOR_PASSWORD"
"""The variables of Harbor's other providers: for an import, which has no inputs, and for a program without a login."""


class HarborAccess:
    """One client for each server and login serves a run."""

    def __init__(self, run: Run, patience: Patience = PATIENCE) -> None:
        self._run, self._patience = run, patience
        self._clients: dict[tuple[str, str, str], Harbor] = {}
        self._guard = threading.Lock()

    def client(self, inputs: Properties) -> Harbor:
        """Who asks this resource's Harbor. ChaosregError (CHR0489, CHR0506)."""
        server, given = canonical_server(inputs["server"]), inputs.get("login")
        if not given and os.environ.get(USER):
            given = {"username": os.environ[USER], "password": os.environ.get(PASSWORD, "")}
        login = login_of(given, server)
        which = (server, login.username, hashlib.sha256(login.password.encode()).hexdigest())
        with self._guard:
            if which not in self._clients:
                self._clients[which] = Harbor(server, login, patience=self._patience, stop=self._run.stop)
            return self._clients[which]

    def keep(self, inputs: Properties) -> None:
        """What is deleted in this project goes by this login."""
        if isinstance(inputs.get("server"), str) and inputs.get("login") and not has_unknown(inputs):
            self._run.keep_login(_place(inputs), inputs["login"])

    def deleting(self, state: Properties, inputs: Properties) -> Harbor:
        """Who deletes what has this state: by this run's login where it has one. `inputs` are those of the last `up`,
        and that login may have ended since.
        """
        return self.client({**state, "login": self._run.login(_place(state)) or inputs.get("login")})


def _place(inputs: Properties) -> tuple[str, ...]:
    return "harbor", canonical_server(inputs["server"]), str(inputs.get("project"))


def ident_of(inputs: Properties, *below: object) -> str:
    """`server/project`, and what is below it: an import's id, too. However the server is spelled, it is one id."""
    return "/".join(map(str, (canonical_server(inputs["server"]), inputs["project"], *below)))


def place_of(ident: str, parts: int) -> list[str]:
    """The reverse. Raises ChaosregError (CHR0469)."""
    found = ident.split("/")
    if len(found) == parts and all(found):
        return [canonical_server(found[0]), *found[1:]]
    form = "/".join(("server", "project", "robot or number")[:parts])
    raise ChaosregError.of("CHR0469", f"`{ident}` is not the ID of a Harbor resource", help=f"write it as `{form}`")


def looked(
    ident: str, state: Properties, inputs: Properties, occasion: Occasion, look: Callable[[], Found | None]
) -> Found | None:
    """What a look saw; what there was where Harbor could not be asked, so that no refresh forgets what is there.

    Gone is only what Harbor itself calls so, to whom it knows.
    """
    try:
        return look()
    except ChaosregError as failure:
        if not state:
            raise
        occasion.warn(f"kept as it was: Harbor could not be asked\n{failure}")
        return Found(ident, inputs, state)
