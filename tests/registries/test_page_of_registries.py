"""docs/registries.md says what the program goes by, and what it says of deliveries is what checks allow."""

from itertools import product
from pathlib import Path

import pytest

from pulumi_chaosreg.registries.kinds import all_kinds
from pulumi_chaosreg.registries.page import tables_of_kinds
from tests.support.servers_of_kinds import SERVERS

PAGE = (Path(__file__).parents[2] / "docs" / "registries.md").read_text("utf-8")
WAYS = ("theirs", "secret", "refresher", "node_identity")
SAID = {
    "kubernetes_secret": {"secret_name": "theirs"},
    "basic": {"username": "u", "password_secret": "p"},
    "node_identity": {},
    "made": {"lifetime_days": 90},
}
"""Type → what else must be said of it."""
IDENTITIES = {"gar": "pull@acme.iam.gserviceaccount.com"}
"""Kind → who a refresher may be there, where keys do not."""


def test_the_tables_of_kinds_are_the_program_s_own():
    tables = [text for text in PAGE.split("\n\n") if text.startswith("|")]
    expected = [text.rstrip("\n") for text in tables_of_kinds().split("\n\n")]
    assert tables == expected, "write what `python -m pulumi_chaosreg.registries.page` prints"


@pytest.mark.parametrize("name", SERVERS)
def test_a_delivery_is_named_where_some_authentication_can_be_delivered_so_and_nowhere_else(project, name):
    kind, (server, account) = all_kinds()[name], SERVERS[name]
    ways = set()
    key = [{"type": kind.cloud_authentication, "key_file": "key.json"}] if kind.key_user else []
    types = [{"type": type_, **SAID.get(type_, {})} for type_ in (*kind.authentication, "kubernetes_secret")]
    for way, authentication in product(WAYS, (*types, *key)):
        registry = {"server": server, "account": account, "type": "private", "authentication": authentication}
        registry |= {"kind": name} if kind.sayable else {}
        who = IDENTITIES.get(name, "keys")
        pull_secret = {"delivery": way} | ({"identity": who} if way == "refresher" else {})
        account = {"image_registry": registry, "pull_secret": pull_secret, "repositories": {"create": True}}
        found = project.four_levels(account=account).reviewed
        (resolved,) = found.resolved.values()
        is_anybody_s = way == "secret" and authentication["type"] == "kubernetes_secret"  # whatever its value may be
        if any(delivery.how.value == way for delivery in resolved.deliveries) and not is_anybody_s:
            ways.add(way)
    assert set(kind.deliveries) == ways
