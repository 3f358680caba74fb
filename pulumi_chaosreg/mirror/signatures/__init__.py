"""Whether an image is signed by somebody whom a policy trusts; offline, apart from reading the registry."""

from pulumi_chaosreg.mirror.signatures.verification import require_signed

__all__ = ["require_signed"]
