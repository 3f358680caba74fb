"""One infrastructure of each type, and manifests rendered for it."""

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.manifests.rendering import Rendered, rendered
from pulumi_chaosreg.manifests.target import Target
from tests.manifests.values import ACCOUNT


@pytest.fixture(scope="session")
def target_of(new_project: Callable[[], Any]) -> Callable[..., Target]:
    """What the one infrastructure pulls; `account` and the rest, its own settings, say more."""

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
    return target_of(account={"images": {"release": "1.53.1"}}, type="dedicated")


@pytest.fixture
def render(target) -> Callable[..., Rendered]:
    """A text, indented as it likes, for the infrastructure; rendering it once more must change nothing."""

    def render(text: str, where: Target = target) -> Rendered:
        result = rendered(textwrap.dedent(text).lstrip("\n"), where)
        again = rendered(result.text, where)
        assert again.text == result.text
        assert not again.changed
        return result

    return render
