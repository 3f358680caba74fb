"""Releases, references and the lockfile. Pure: no Pulumi, no network."""
