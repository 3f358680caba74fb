"""YAML that everybody reads alike: by the rules of 1.1 (PyYAML) and of 1.2, and as Pulumi's engine and kubectl do."""

from collections.abc import Iterable
from typing import Any

import yaml

from pulumi_chaosreg.settings.plain_words import needs_no_quotes


def yaml_text(value: Any, *, aliases: bool = False) -> str:
    """One document, keys in their order. `aliases`: what is there twice is written once."""
    return _dumped([value], aliases, explicit=False)


def yaml_documents(values: Iterable[Any]) -> str:
    """Several, each after `---`."""
    return _dumped(values, aliases=False, explicit=True)


def _dumped(values: Iterable[Any], aliases: bool, explicit: bool) -> str:
    return yaml.dump_all(
        values,
        Dumper=_Dumper if aliases else _Plain,
        sort_keys=False,
        allow_unicode=True,
        width=10_000,
        explicit_start=explicit or None,
    )


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as people write them, and others in quotes wherever a reader could take them for more."""


class _Plain(_Dumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None if needs_no_quotes(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


_Dumper.add_multi_representer(str, _text)  # also for members of a StrEnum
_Dumper.add_representer(str, _text)
