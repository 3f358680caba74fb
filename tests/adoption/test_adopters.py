"""From a registry to the module that looks at what it has, which is imported when it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_chaosreg.adoption.adopters import adopter, can_adopt
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provision.protocol import OwnedRegistry, RepositorySettings
from pulumi_chaosreg.registries.kinds import all_kinds
from tests.support.owned_registry import owned_registry

ROOT = Path(__file__).parents[2]
SERVER = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def registry(server: str = SERVER) -> OwnedRegistry:
    return owned_registry(server)


def test_what_we_make_at_ecr_can_be_adopted_and_nothing_where_we_make_nothing() -> None:
    able = {name for name, kind in all_kinds().items() if can_adopt(kind)}
    assert "ecr" in able
    assert able <= {name for name, kind in all_kinds().items() if kind.provisions}


def test_a_missing_sdk_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("pulumi_chaosreg.adoption.ecr")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.delitem(sys.modules, "boto3.session", raising=False)
    with pytest.raises(ChaosregError) as raised:
        adopter(registry(), RepositorySettings())
    assert str(raised.value) == (
        f"error[CHR0490]: looking at `{SERVER}` (Amazon ECR) needs the Python package `boto3`\n"
        "   = help: run `pip install 'pulumi-chaosreg[aws]'`"
    )


def test_the_command_loads_neither_pulumi_nor_a_cloud_before_it_looks() -> None:
    program = "import sys, pulumi_chaosreg.cli.commands.adopt; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pulumi", "pulumi_aws", "boto3", "pulumi_chaosreg.adoption.ecr"} & set(loaded)
