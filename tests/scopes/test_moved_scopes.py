"""`moved_from`: every path that a scope may have had, its own and through the scopes above it."""

import pytest

from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.scopes.moves import former_paths, levels_of_path
from pulumi_chaosreg.scopes.resolved import object_name


def _chain(*, account=(), organization=(), project=(), infrastructure=()):
    scope = None
    for level, id_, moved in (
        (Level.ACCOUNT, "acme", account),
        (Level.ORGANIZATION, "shop", organization),
        (Level.PROJECT, "till", project),
        (Level.INFRASTRUCTURE, "eu", infrastructure),
    ):
        scope = Scope(level, id_, {"moved_from": list(moved)} if moved else {}, scope)
    return scope


@pytest.mark.parametrize(
    ("moved", "paths"),
    [
        ({}, []),
        ({"infrastructure": ["shop/till/west"]}, ["shop/till/west"]),
        ({"project": ["shop/checkout"]}, ["shop/checkout/eu"]),
        ({"project": ["checkout"]}, ["checkout/eu"]),
        ({"organization": ["payments"]}, ["payments/till/eu"]),
        ({"account": ["old"]}, []),  # the account's id is in no path below it
        # both were renamed: in either order, the old path was below the old organization
        (
            {"organization": ["payments"], "project": ["shop/checkout"]},
            ["shop/checkout/eu", "payments/checkout/eu", "payments/till/eu"],
        ),
        ({"project": ["a", "b/c"]}, ["a/eu", "b/c/eu"]),
    ],
)
def test_former_paths_come_from_the_scope_and_from_all_above_it(moved, paths):
    assert former_paths(_chain(**moved)) == paths


@pytest.mark.parametrize(
    ("level", "path", "middles"),
    [
        (Level.ACCOUNT, "acme", []),
        (Level.ORGANIZATION, "shop", [()]),
        (Level.PROJECT, "till", [()]),
        (Level.PROJECT, "shop/till", [("organization",)]),
        (Level.INFRASTRUCTURE, "eu", [()]),
        (Level.INFRASTRUCTURE, "shop/eu", [("organization",), ("project",)]),  # either may be left out
        (Level.INFRASTRUCTURE, "shop/till/eu", [("organization", "project")]),
    ],
)
def test_a_path_stands_for_these_chains_of_levels(level, path, middles):
    expected = [("account", *middle, level) for middle in middles] or [("account",)]
    assert levels_of_path(level, path) == expected


def test_objects_keep_the_name_of_the_first_id():
    assert object_name(_chain()) == "chaos-image-registry-eu"
    moved = _chain(infrastructure=["shop/till/first", "shop/till/second"])
    assert object_name(moved) == "chaos-image-registry-first"
