"""docs/settings.md is what the table of settings says, and each of its examples is one that the checks accept."""

import pytest
import yaml

from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.settings.checking import check_settings
from pulumi_chaosreg.settings.page import BESIDE, paths_of_rows, settings_page
from pulumi_chaosreg.settings.table import SETTINGS
from tests.support.documented import ROOT


def test_the_page_is_printed_from_the_table():
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert page == settings_page(), "write what `python -m pulumi_chaosreg.settings.page` prints"


@pytest.mark.parametrize("key", SETTINGS.fields)
def test_an_example_says_something_about_its_setting_that_the_checks_accept(key):
    shown = yaml.safe_load(BESIDE["examples"][key])
    checked = check_settings(shown, Place("account `acme`"))
    assert key in checked.settings
    assert checked.findings == []


def test_what_is_said_beside_the_table_is_about_settings_that_there_are():
    paths = set(paths_of_rows())
    assert set(BESIDE["defaults"]) <= paths
    assert set(BESIDE["inherited"]) == set(BESIDE["examples"]) == set(SETTINGS.fields)
