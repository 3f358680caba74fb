"""Pulumi plugins that the lab brings itself, because the official ones cannot be had on every machine."""
