"""The ways in which a pull credential reaches the kubelet: one module for each, in one table."""

from pulumi_chaosreg.kubernetes.deliveries import DELIVERIES
from pulumi_chaosreg.scopes.delivery import IN_THIS_VERSION, How
from pulumi_chaosreg.settings.kinds import Text
from pulumi_chaosreg.settings.table import PULL_SECRET


def test_what_settings_accept_is_what_can_be_delivered():
    assert set(DELIVERIES) == set(IN_THIS_VERSION)


def test_each_way_is_a_module_of_its_own():
    assert {deliver.__module__.rpartition(".")[2] for deliver in DELIVERIES.values()} == {
        str(how.value) for how in DELIVERIES
    }


def test_the_words_of_the_setting_are_the_ways():
    kind = PULL_SECRET.delivery.kind
    assert isinstance(kind, Text)
    assert set(kind.choices) == {str(how.value) for how in How}


def test_every_way_says_what_others_ask_of_it():
    made = {how for how in How if how.makes_secret}
    assert made == {How.SECRET, How.REFRESHER, How.EXTERNAL_SECRETS}
    assert {how for how in How if not how.has_secret} == {How.NODE_IDENTITY}
