"""AWS's keys as `chaosreg-credentials:NAME` holds them, for a refresher that has some."""

import pytest

from pulumi_chaosreg.credentials.cloud_keys import checked_keys
from pulumi_chaosreg.errors import ChaosregError
from tests.support.canary import PULL

CANARY = PULL.password
PARTS = ("access_key_id", "secret_access_key")


def test_an_object_and_its_json_are_one():
    keys = {"access_key_id": "AKIAEXAMPLE", "secret_access_key": " s3cret\n"}
    assert checked_keys("pull", keys, PARTS) == {"access_key_id": "AKIAEXAMPLE", "secret_access_key": "s3cret"}
    text = '{"access_key_id": "AKIAEXAMPLE", "secret_access_key": "s3cret"}'
    assert checked_keys("pull", text, PARTS) == checked_keys("pull", keys, PARTS)


@pytest.mark.parametrize(
    "value", [CANARY, {"access_key_id": CANARY}, {"access_key_id": CANARY, "secret_access_key": ""}, [CANARY], None, 7]
)
def test_anything_else_says_what_is_needed_and_shows_nothing(value):
    with pytest.raises(ChaosregError) as refused:
        checked_keys("pull", value, PARTS)
    assert refused.value.findings[0].code == "CHR0531"
    assert "`access_key_id` and `secret_access_key`" in str(refused.value)
    assert CANARY not in str(refused.value)
