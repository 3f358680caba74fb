"""Which hosts answer for a registry beside its own: what a firewall has to let through. Data of kinds.toml."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """Hosts, by what they are asked for. `{region}`, `{aws}` (the end of AWS's hosts there), `{entra}` and `{arm}`
    (Azure's login and resource manager there), `{server}` and `{name}` (its first part) are filled in; a `*` stands for
    one name that nobody knows.
    """

    tokens: Sequence[str] = ()
    """Who gives out the registry's own tokens, where it does not itself."""
    blobs: Sequence[str] = ()
    """Where it redirects to for blobs."""
    login: Sequence[str] = ()
    """Who is asked by a machine that logs in with its cloud's identity."""
    nodes: Sequence[str] | None = None
    """Who is asked by nodes of the same cloud, which log in by a plugin of their own; None where these are the same."""
    refresh: Sequence[str] = ()
    """Who is asked by a refresher; empty where these are the same."""
    make: Sequence[str] = ()
    """Who is asked by `pulumi up` where repositories are made; empty where the registry itself is."""
    make_logins: Sequence[str] = ()
    """Who is asked besides where pull credentials are made, too."""
    delete: Sequence[str] = ()
    """Who is asked besides to take tags away."""
