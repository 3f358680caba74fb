"""As whom Azure's resource manager is asked: by the variables of Pulumi's own provider, in the cloud of the address."""

from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.machine import azure

pytestmark = pytest.mark.extra("azure")
SECRET = "canary-client-secret-8Q~x7b1d5c0de"


class Principal:
    """In the place of a credential of azure-identity, which would ask a cloud's own server by TLS."""

    made: list[tuple[str, tuple[Any, ...], dict[str, Any]]]
    refuses = False

    def __init__(self, *said: Any, **how: Any) -> None:
        self.said, self.how = said, how

    def __enter__(self) -> "Principal":
        return self

    def __exit__(self, *_: object) -> None: ...

    def get_token(self, scope: str) -> AccessToken:
        self.made.append((scope, self.said, self.how))
        if self.refuses:
            raise ClientAuthenticationError(f"AADSTS7000215: Invalid client secret {SECRET} provided")
        return AccessToken("token", 4_000_000_000)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> type[Principal]:
    kind = type("One", (Principal,), {"made": []})
    monkeypatch.setattr(azure, "ClientSecretCredential", kind)
    monkeypatch.setattr(azure, "ClientAssertionCredential", kind)
    monkeypatch.setattr(azure, "DefaultAzureCredential", kind)
    monkeypatch.delenv("AZURE_AUTHORITY_HOST", raising=False)
    for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "OIDC_TOKEN", "OIDC_TOKEN_FILE_PATH"):
        monkeypatch.delenv(f"ARM_{name}", raising=False)
    return kind


def principal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TENANT_ID", "tenant"), ("CLIENT_ID", "client"), ("CLIENT_SECRET", SECRET)):
        monkeypatch.setenv(f"ARM_{name}", value)


@pytest.mark.parametrize(
    ("endpoint", "authority"),
    [
        ("https://management.azure.com", None),
        ("https://management.chinacloudapi.cn", "login.chinacloudapi.cn"),
        ("https://management.usgovcloudapi.net/", "login.microsoftonline.us"),
    ],
)
def test_each_cloud_has_its_own_authority_and_scope(
    asked: type[Principal], endpoint: str, authority: str | None
) -> None:
    assert azure.management_token(endpoint) == ("token", 4_000_000_000)
    ((scope, said, how),) = asked.made
    assert scope == f"{endpoint.rstrip('/')}/.default"
    assert said == ()
    assert how.get("authority") == authority


def test_the_service_principal_of_pulumi_s_provider_comes_first(
    asked: type[Principal], monkeypatch: pytest.MonkeyPatch
) -> None:
    principal(monkeypatch)
    azure.management_token("https://management.azure.com")
    assert asked.made[0][1] == ("tenant", "client", SECRET)


def test_a_principal_without_a_secret_shows_the_token_of_its_ci(
    asked: type[Principal], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    principal(monkeypatch)
    monkeypatch.delenv("ARM_CLIENT_SECRET")
    azure.management_token("https://management.azure.com")
    assert asked.made[-1][1] == ()  # it has nothing to show

    (tmp_path / "token").write_text("of the file\n")
    monkeypatch.setenv("ARM_OIDC_TOKEN_FILE_PATH", str(tmp_path / "token"))
    azure.management_token("https://management.azure.com")
    monkeypatch.setenv("ARM_OIDC_TOKEN", SECRET)
    azure.management_token("https://management.azure.com")
    said = [one for _, one, _ in asked.made[1:]]
    assert [(tenant, client, shown()) for tenant, client, shown in said] == [
        ("tenant", "client", "of the file"),
        ("tenant", "client", SECRET),
    ]


def test_a_refusal_shows_no_secret(asked: type[Principal], monkeypatch: pytest.MonkeyPatch) -> None:
    principal(monkeypatch)
    asked.refuses = True
    with pytest.raises(ChaosregError, match="CHR0515") as refused:
        azure.management_token("https://management.azure.com")
    assert SECRET not in f"{refused.value}{refused.value!r}"
    assert "az login" in str(refused.value)
