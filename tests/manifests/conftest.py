"""One infrastructure of each type, and manifests rendered for it."""

import textwrap
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.manifests.rendering import Rendered, rendered
from pulumi_chaosreg.manifests.target import Target

ACCOUNT = {
    "image_registry": {
        "server": "harbor.example.com",
        "account": "chaos",
        "type": "private",
        "authentication": {"username": "u", "password_secret": "harbor"},
    },
    "mirror": {"source": "docker.io/harness"},
}
SECRET = "chaos-image-registry-prod-eu"
DDCR = "harbor.example.com/chaos/chaos-ddcr:1.94.0"
FAULTS = "harbor.example.com/chaos/chaos-ddcr-faults:1.94.0"
WATCHER = "harbor.example.com/chaos/chaos-log-watcher:1.94.0"


@pytest.fixture(scope="session")
def target_of(new_project: Callable[[], Any]) -> Callable[..., Target]:
    """What the one infrastructure pulls; `account` and `infrastructure` say more."""

    def target_of(account: dict[str, Any] | None = None, by_digest: bool = False, **infrastructure: Any) -> Target:
        outcome = new_project().four_levels(
            account={**ACCOUNT, **(account or {})}, infrastructure={"namespace": "hce", **infrastructure}
        )
        return Target.of(outcome.config, load_catalogue(), by_digest=by_digest)

    return target_of


@pytest.fixture(scope="session")
def target(target_of) -> Target:
    return target_of()


@pytest.fixture(scope="session")
def dedicated(target_of) -> Target:
    return (
        target_of(account={"images": {"release": "smp-0.34.0"}}, type="dedicated")
        if False
        else target_of(account={"images": {"release": "1.53.1"}}, type="dedicated")
    )


@pytest.fixture
def render(target) -> Callable[..., Rendered]:
    """A text, indented as it likes, for the infrastructure; rendering it once more must change nothing."""

    def render(text: str, where: Target = target, **more: Any) -> Rendered:
        result = rendered(textwrap.dedent(text).lstrip("\n"), where, **more)
        again = rendered(result.text, where, **more)
        assert again.text == result.text
        assert not again.changed
        return result

    return render


def values(text: str) -> list[Any]:
    """The documents, as any YAML reader has them."""
    return list(yaml.safe_load_all(text))
