"""The types of the constructors' arguments are those of the table of settings."""

import re
from typing import get_args, get_type_hints

import pulumi_chaosreg
from pulumi_chaosreg.components import arguments
from pulumi_chaosreg.components.cluster import ClusterProvider
from pulumi_chaosreg.components.write_arguments import WRITTEN, arguments_module
from pulumi_chaosreg.settings.kinds import Table, Text
from pulumi_chaosreg.settings.table import SETTINGS


def test_what_is_committed_is_what_the_table_makes() -> None:
    again = "run `python -m pulumi_chaosreg.components.write_arguments`"
    assert WRITTEN.read_text("utf-8") == arguments_module(), again


def test_every_setting_but_the_id_may_be_given_at_each_level() -> None:
    assert get_type_hints(arguments.LevelArgs).keys() == SETTINGS.fields.keys() - {"id"}
    assert get_type_hints(arguments.InfrastructureArgs).keys() == SETTINGS.fields.keys() - {"id", "cluster"}


def test_each_key_has_the_table_s_description() -> None:
    text = re.sub(r"\s+", " ", WRITTEN.read_text("utf-8"))
    undescribed = [key for key, kind in SETTINGS.fields.items() if key != "id" and f'"""{kind.doc}' not in text]
    assert undescribed == []


def test_short_forms_and_words_are_unions() -> None:
    hints = get_type_hints(arguments.LevelArgs)
    assert get_args(hints["namespace"]) == (str, arguments.NamespaceArgs)
    assert get_args(hints["moved_from"]) == (str, list[str])
    assert list[str] in get_args(get_type_hints(arguments.MirrorArgs)["platforms"])


def test_a_cluster_s_provider_is_one_of_the_table_s_words() -> None:
    cluster = SETTINGS.fields["cluster"]
    assert isinstance(cluster, Table)
    assert cluster.fields["provider"] == Text(cluster.fields["provider"].doc, get_args(ClusterProvider))


def test_users_reach_every_type_from_the_package() -> None:
    types = {name for name in vars(arguments) if name.endswith("Args")}
    assert types <= set(pulumi_chaosreg.__all__)
    assert all(getattr(pulumi_chaosreg, name) is getattr(arguments, name) for name in types)
