"""What Harness keeps for a level, in our words and in those of its API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

IMAGES = {"logWatcher": "logWatcher", "ddcr": "ddcr", "ddcrLib": "ddcrLib", "ddcrFault": "ddcrFault"}
"""Our word for an image that has a key of its own → the key."""


@dataclass(frozen=True, slots=True)
class Record:
    """All that can be set. Every field is always sent: what a request leaves out Harness takes for empty."""

    server: str
    account: str
    """The path between the server and an image."""
    is_private: bool = False
    secret_name: str = ""
    """Of a Kubernetes Secret in the namespace where chaos Pods run."""
    is_default: bool = False
    """Whether Harness's default counts, and not this."""
    allow_overrides: bool = False
    images: Mapping[str, str] = field(default_factory=dict)
    """Key of `IMAGES` → full reference that is used instead; Harness chooses the others itself."""
    writer: str = field(default="", compare=False)
    """Who wrote it last, as Harness calls them; empty where it does not say."""

    @property
    def request(self) -> dict[str, Any]:
        """`ImageRegistryRequest`, without the infrastructure."""
        return {
            "registryServer": self.server,
            "registryAccount": self.account,
            "isPrivate": self.is_private,
            "secretName": self.secret_name,
            "isDefault": self.is_default,
            "isOverrideAllowed": self.allow_overrides,
            "useCustomImages": bool(self.images),
            "customImages": {key: self.images.get(key, "") for key in IMAGES},  # null would be an error 500
        }

    @classmethod
    def of_answer(cls, answer: Mapping[str, Any]) -> "Record":
        """The reverse of `request`."""
        custom = (answer.get("customImages") or {}) if answer.get("useCustomImages") else {}
        return cls(
            server=answer.get("registryServer") or "",
            account=answer.get("registryAccount") or "",
            is_private=answer.get("isPrivate") is True,
            secret_name=answer.get("secretName") or "",
            is_default=answer.get("isDefault") is True,
            allow_overrides=answer.get("isOverrideAllowed") is True,
            images={key: custom[key] for key in IMAGES if custom.get(key)},
            writer=(answer.get("updatedBy") or {}).get("username") or "",
        )

    def __str__(self) -> str:
        """As a message says it: one line."""
        kind = "private" if self.is_private else "public"
        words = [f"`{self.server}/{self.account}`".replace("/`", "`"), kind]
        words += [f"Secret `{self.secret_name}`"] if self.secret_name else []
        words += [f"{len(self.images)} images of its own"] if self.images else []
        words += ["Harness's default"] if self.is_default else []
        return ", ".join([*words, f"{'' if self.allow_overrides else 'no '}overrides below"])


DEFAULT = Record("docker.io", "harness", is_default=True)
"""What Harness has where nobody has set anything."""
