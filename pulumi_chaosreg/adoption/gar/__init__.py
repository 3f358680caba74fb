"""What a project has at Artifact Registry: read by Google's API, compared as plain values."""

from pulumi_chaosreg.adoption.gar.reading import adopter

__all__ = ["adopter"]
