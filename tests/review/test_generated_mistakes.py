"""Two good companies, spoiled some thousand ways: each mistake is found where it was made, and nothing else is.

The mistakes are generated from the files themselves and from the table of settings. What must be found is worked out
from the place of the edit, never from the program's answer; lines are looked up with a walker of our own.
"""

import argparse
import importlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pulumi_chaosreg.cli import main as cli
from pulumi_chaosreg.errors import Keys
from pulumi_chaosreg.review.review import Review, review
from pulumi_chaosreg.settings.kinds import Flag, Kind, Named, Number, Table, Tables, Text, TextMap, Texts
from pulumi_chaosreg.settings.table import AUTHENTICATION, LOCKABLE, SETTINGS
from tests.support.examples import examples

HERE = Path(__file__).parent
BIG, SMALL = "good_company", "good_small_company"
Files = Mapping[str, str]


def _texts(company: str) -> dict[str, str]:
    folder = HERE / company
    return {
        str(path.relative_to(folder)): path.read_text("utf-8") for path in sorted(folder.rglob("*")) if path.is_file()
    }


GOOD = {company: _texts(company) for company in (BIG, SMALL)}


@dataclass(frozen=True, eq=False)
class Entry:
    """One `key: value` (or list item) of a good file that the table of settings knows."""

    company: str
    file: str
    keys: Keys
    kind: Kind
    parent: Kind | None
    """What it is an entry of; None for a scope's own section."""
    key: Any
    value: Any
    """The nodes, with their marks."""

    @property
    def text(self) -> str:
        return GOOD[self.company][self.file]

    @property
    def line(self) -> int:
        return self.key.start_mark.line + 1

    @property
    def end(self) -> int:
        """Where its value ends; block values have their mark at the next token."""
        until = self.text[: self.value.end_mark.index]
        return len(until.rstrip())

    @property
    def is_block(self) -> bool:
        return self.text[: self.key.start_mark.index].rpartition("\n")[2].strip() in ("", "-")

    @property
    def setting(self) -> str:
        """The setting that is lost where this entry is wrong."""
        of = self.keys[-2] if isinstance(self.parent, TextMap | Texts | Tables) else self.keys[-1]
        return "image_registry" if of == "registry" else str(of)

    @property
    def name(self) -> str:
        return f"{self.file.removeprefix('stacks/')}: {'.'.join(map(str, self.keys))}"

    def renamed(self, key: str) -> str:
        return self.text[: self.key.start_mark.index] + key + self.text[self.key.end_mark.index :]

    def given(self, value: str) -> str:
        """The file with another value (in flow style) here."""
        start = self.value.start_mark.index if self.key is self.value else self.key.end_mark.index
        return self.text[:start] + ("" if self.key is self.value else ": ") + value + self.text[self.end :]

    def lines(self) -> tuple[int, int]:
        """First and last line of the entry, from 0."""
        return self.key.start_mark.line, self.text[: self.end].count("\n")

    def without(self) -> str:
        first, last = self.lines()
        lines = self.text.splitlines(keepends=True)
        return "".join(lines[:first] + lines[last + 1 :])

    def twice(self) -> str:
        first, last = self.lines()
        lines = self.text.splitlines(keepends=True)
        return "".join(lines[: last + 1] + lines[first : last + 1] + lines[last + 1 :])


@cache
def _composed(text: str) -> Any:
    return yaml.compose(text)


def _node(text: str, keys: Keys) -> tuple[Any, Any]:
    """(key node, value node) at these keys; lists are walked by index."""
    key, node = None, _composed(text)
    for wanted in keys:
        if isinstance(node, yaml.SequenceNode):
            key = node = node.value[int(wanted)]
        else:
            key, node = next((k, v) for k, v in node.value if k.value == wanted)
    return key, node


def line_at(text: str, *keys: str | int) -> int:
    return int(_node(text, keys)[0].start_mark.line) + 1


def _sections(company: str) -> Iterator[Entry]:
    """Every scope's section."""
    for file, text in GOOD[company].items():
        name = Path(file).name
        if not name.endswith(".yaml"):
            continue
        root = yaml.compose(text)
        if name == "Pulumi.yaml" or name.startswith("Pulumi."):
            config = _node(text, ("config",))[1]
            for key, value in config.value:
                if key.value in ("chaosreg:account", "chaosreg:organization", "chaosreg:project"):
                    keys: Keys = ("config", key.value)
                    if name == "Pulumi.yaml":
                        key, value = _node(text, (*keys, "value"))
                        keys = (*keys, "value")
                    yield Entry(company, file, keys, SETTINGS, None, key, value)
                if key.value == "chaosreg:infrastructures":
                    for k, v in value.value:
                        if k.value != "files":
                            yield Entry(company, file, ("config", key.value, k.value), SETTINGS, None, k, v)
        elif file.startswith("stacks/prod/"):
            for k, v in root.value:
                yield Entry(company, file, (k.value,), SETTINGS, None, k, v)


def _below(entry: Entry) -> Iterator[Entry]:
    """Every entry in a section, with the kind that the table of settings gives it."""
    kind = entry.kind
    if isinstance(kind, Table) and isinstance(entry.value, yaml.MappingNode):
        fields = dict(kind.fields)
        if kind is SETTINGS:  # the documentation page's spellings
            fields |= {"registry": SETTINGS.fields["image_registry"], "authentication": AUTHENTICATION}
        inner = [(k, v, fields[k.value], k.value) for k, v in entry.value.value]
    elif isinstance(kind, TextMap):
        inner = [(k, v, Text("", grammar=kind.grammar), k.value) for k, v in entry.value.value]
    elif isinstance(kind, Texts) and isinstance(entry.value, yaml.SequenceNode):
        inner = [(v, v, Text("", grammar=kind.grammar), i) for i, v in enumerate(entry.value.value)]
    elif isinstance(kind, Tables) and isinstance(entry.value, yaml.SequenceNode):
        inner = [(v, v, kind.one, i) for i, v in enumerate(entry.value.value)]
    else:
        return
    for k, v, of, key in inner:
        found = Entry(entry.company, entry.file, (*entry.keys, key), of, kind, k, v)
        yield found
        yield from _below(found)


SECTIONS = [section for company in GOOD for section in _sections(company)]
ENTRIES = [entry for section in SECTIONS for entry in _below(section)]
_FIRST = {(entry.setting, type(entry.parent)): entry for entry in reversed(ENTRIES)}


def _is_first(entry: Entry) -> bool:
    return _FIRST.get((entry.setting, type(entry.parent))) is entry


def _some(entry: Entry, ways: Mapping[str, str]) -> dict[str, str]:
    """All ways where a setting stands for the first time, one of them (in turn) where it is repeated: time counts."""
    if _is_first(entry) or not ways:
        return dict(ways)
    chosen = list(ways)[ENTRIES.index(entry) % len(ways)]
    return {chosen: ways[chosen]}


# what must be found --------------------------------------------------------------------------------------------------

Spot = tuple[str, str, int | None]
"""(code, file, line)."""


@dataclass(frozen=True)
class Mistake:
    """A good company with one mistake in it."""

    name: str
    company: str
    edits: Files
    """What the mistake changes; the other files are as they were."""
    expected: tuple[Spot, ...]
    lost: str = ""
    """The setting that has no value any more."""
    help: str = ""
    """How the help of the expected finding begins."""
    words: tuple[str, ...] = ()
    """What is printed, too."""


def _mistake(what: str, entry: Entry, text: str, code: str, **more: Any) -> Mistake:
    spot = (code, entry.file, more.pop("line", entry.line))
    return Mistake(f"{what} - {entry.name}", entry.company, {entry.file: text}, (spot,), entry.setting, **more)


SAYS_IT_AGAIN = {
    "CHR0202": ("id",),
    "CHR0205": ("parent_stack",),
    "CHR0502": ("authentication",),
}
"""What is wrong is left out, and then a check may say that it is missing: superfluous, but at the same setting."""


def _may_follow(mistake: Mistake) -> set[str]:
    return {code for code, lost in SAYS_IT_AGAIN.items() if mistake.lost in lost}


# the mistakes --------------------------------------------------------------------------------------------------------


def _misspelt(word: str) -> dict[str, str]:
    """How people type: a letter too few, one too many, two swapped."""
    at = len(word) // 2
    swap = next(n for n in (*range(at, 0, -1), *range(at + 1, len(word))) if word[n] != word[n - 1])
    return {
        "dropped": word[:at] + word[at + 1 :],
        "doubled": word[:at] + word[at] + word[at:],
        "swapped": word[: swap - 1] + word[swap] + word[swap - 1] + word[swap + 1 :],
    }


def misspelt_keys() -> Iterator[Mistake]:
    for entry in ENTRIES:
        if entry.key is entry.value:
            continue
        right = entry.key.value
        for way, wrong in _some(entry, _misspelt(right)).items():
            code, advice = "CHR0104", f"did you mean `{right}`?"
            if {"repositories", "refresher_environment"} & {*entry.keys[:-1]} and isinstance(entry.parent, TextMap):
                continue  # a cloud's tags and a program's variables may have any name
            if isinstance(entry.parent, TextMap) and not entry.parent.keys:  # image names
                code = "CHR0310"
            if right == "id":  # nothing is near a word of two letters; it is the first of all keys anyway
                advice = "valid keys: id" if way == "swapped" else advice
            if right in ("registry", "authentication") and entry.parent is SETTINGS:
                advice = ""  # the page's spellings are understood, not proposed
            yield _mistake(f"{way}: {wrong}", entry, entry.renamed(wrong), code, help=advice)


def misspelt_sections() -> Iterator[Mistake]:
    for entry in _config_entries():
        section = str(entry.keys[-1]).partition(":")[2]
        for way, wrong in _misspelt(section).items():
            mistake = _mistake(f"{way}: {wrong}", entry, entry.renamed(f"chaosreg:{wrong}"), "CHR0110")
            yield replace(mistake, lost=section, help="sections: chaosreg:account")


def _config_entries() -> Iterator[Entry]:
    for company, files in GOOD.items():
        for file, text in files.items():
            if file.startswith("stacks/Pulumi."):
                for key, value in _node(text, ("config",))[1].value:
                    if key.value.startswith("chaosreg:"):
                        yield Entry(company, file, ("config", key.value), SETTINGS, None, key, value)


VALUES = {
    "a list": "[x]",
    "a mapping": "{x: y}",
    "a number": "1.10",
    "a flag": "true",
    "nothing": "~",
    "a word": "yes",
}
FITS = {
    Text: "a word",
    Flag: "a flag",
    Number: "a number",
    Texts: "a list",
    Tables: "a list",
    Table: "a mapping",
    TextMap: "a mapping",
    Named: "a mapping",
}


def wrong_types() -> Iterator[Mistake]:
    for entry in ENTRIES:
        kind = entry.kind
        takes_word = (isinstance(kind, Table) and kind.short) or (isinstance(kind, Texts) and kind.or_one)
        takes_flag, takes_mapping = getattr(kind, "or_flag", False), isinstance(kind, Tables) and kind.or_one
        fits = (
            FITS[type(kind)],
            "a word" if takes_word else "",
            "a flag" if takes_flag else "",
            "a mapping" if takes_mapping else "",
        )
        for what, value in _some(entry, {what: value for what, value in VALUES.items() if what not in fits}).items():
            code = "CHR0105" if what == "a number" and isinstance(kind, Text) else "CHR0106"
            yield _mistake(what, entry, entry.given(value), code)


def wrong_words() -> Iterator[Mistake]:
    for entry in ENTRIES:
        if isinstance(entry.kind, Text) and entry.kind.choices:
            right = entry.value.value
            for way, wrong in _some(entry, {**_misspelt(right), "another": "zzz"}).items():
                asked = "" if way == "another" else f"did you mean `{right}`? "
                advice = f"{asked}valid values: {right if asked else ''}"
                yield _mistake(f"{way}: {wrong}", entry, entry.given(wrong), "CHR0107", help=advice)


MALFORMED = {
    "a subscription ID": ("production", "11111111-2222"),
    "a resource group's name": ("a/b", "ends-in.", "a b"),
    "an Azure region": ("West Europe", "west-europe"),
    "a principal": ("nodes", "sp:66666666-7777-8888-9999-000000000000"),
    "an IPv4 address or range": ("0.0.0.0/0", "203.0.113.7/24", "2001:db8::/32", "office"),
    "a known IAM member": (
        "allUsers",
        "allAuthenticatedUsers",
        "group:platform",
        "nodes@acme.example",
    ),
    "a quota": ["50GB", "0GiB", "1.5TiB", "1025TiB", "-1"],
    "a server": ["https://h.example", "h.example/path", "h.example:99999", "-h.example", "h example"],
    "a path": ["UPPER", "a b", "a//b", "a:b"],
    "`server/account`": ["harness", "https://docker.io/harness", "docker.io/Harness", "docker.io:0/harness"],
    "a server or `server/account`": ["https://docker.io", "docker.io/Upper"],
    "a tag": ["1.94.4 ", "a/b", "x" * 129],
    "an image reference": [
        "h.example/Up/x:1",
        "h.example/x:1 2",
        "h.example/x:",
        "h.example/x@sha256:a",
        "h.example:0/x",
    ],
    "an identity for a refresher": ["arn:aws:iam::1:role/x", "a b", "pull@example.com", "projects/acme/pools/p"],
    "a value for a refresher's variable": ["http://u:p@proxy.example:3128"],
    "the NAME of a `chaosreg-credentials:NAME`": ["a b", "pa$$"],
    "the NAME of an environment variable": ["lower", "HAS-DASH", "1X"],
    "a valid Kubernetes name": ["Upper", "under_score", "-x", "x" * 64, "has.dots"],
    "a valid Kubernetes object name": ["Upper", "under_score", "-x", "a..b", "x" * 254],
    "the path of a kubeconfig": ["{apiVersion: v1}", " x"],
    "a user": ["user:password", " user"],
    "a context of a kubeconfig": ["https://user:password@cluster.example"],
    "the path of a scope": ["Upper", "a/b/c/d", "a//b"],
    "an AWS account number": ["12345678901", "1234-5678-9012"],
    "a role ARN": ["nodes", "arn:aws:iam::1:role/nodes"],
    "an AWS organization id": ["acme", "o-"],
    "a policy ARN": ["boundary", "arn:aws:iam::123456789012:role/boundary"],
    "an IAM path": ["chaos", "/chaos"],
    "one GitHub repository": ["acme", "acme/*", "*/platform", "acme/plat*", "acme@1/platform", "acme/platform@2"],
    "a branch or a tag": ["main", "*", "refs/heads/", "refs/pull/*/merge", "refs/heads/${x}"],
    "a GitHub environment": ["prod*", "a:b", " x"],
    "the issuer of a cluster's tokens": ["oidc.example/id/1", "http://oidc.example", "https://oidc.example/"],
    "the name of an EKS cluster": ["arn:aws:eks:eu-west-1:123456789012:cluster/x", "x" * 101],
    "a span of time": ["10", "10 m", "1.5h", "10min", "0m"],
    "a Harness identifier": ["a b", "prod/eu"],
    "a Harness account identifier": ["a b", "pat.acc.key"],
    "the address of Harness's API": ["app.harness.io", "https://u:p@h.example/gateway", "http://h.example/gateway"],
}


def malformed() -> Iterator[Mistake]:
    for entry in ENTRIES:
        grammar = entry.kind.grammar if isinstance(entry.kind, Text | Texts) else None
        if grammar and isinstance(entry.value, yaml.ScalarNode) and entry.value.value != "all":
            for bad in _some(entry, {bad: bad for bad in MALFORMED.get(grammar.what, ())}):
                yield _mistake(f"malformed: {bad[:25]}", entry, entry.given(f'"{bad}"'), grammar.code)


def secure_values() -> Iterator[Mistake]:
    for entry in filter(_is_first, ENTRIES):
        if isinstance(entry.kind, Text):
            yield _mistake("secure", entry, entry.given("{secure: v1:abc}"), "CHR0108")
        if isinstance(entry.kind, Table) and isinstance(entry.value, yaml.MappingNode) and not entry.value.flow_style:
            at = entry.value.start_mark
            text = entry.text[: at.index] + "secure: v1:abc\n" + " " * at.column + entry.text[at.index :]
            yield replace(_mistake("secure beside", entry, text, "CHR0108", line=at.line + 1), lost="")


def keys_twice() -> Iterator[Mistake]:
    for entry in [*SECTIONS, *filter(_is_first, ENTRIES)]:
        if entry.is_block and entry.key is not entry.value and entry.file != "Pulumi.yaml":
            first, last = entry.lines()
            yield replace(
                _mistake("twice", entry, entry.twice(), "CHR0103", line=entry.line + last - first + 1), lost=""
            )


def parents() -> Iterator[Mistake]:
    """Each `parent_stack` deleted, naming nothing, naming itself."""
    for entry in _config_entries():
        if entry.keys[-1] != "chaosreg:parent_stack":
            continue
        text = entry.without()
        section = next(key for key in yaml.safe_load(text)["config"] if key.startswith("chaosreg:"))
        yield _mistake("deleted", entry, text, "CHR0205", line=line_at(text, "config", section))
        for nothing in ("nowhere", "other-project", '"7"'):
            yield _mistake(f"names nothing: {nothing}", entry, entry.given(nothing), "CHR0207")
        for value in ("7", "[acme]", "{secure: v1:abc}", "true"):
            yield _mistake(f"no name: {value}", entry, entry.given(value), "CHR0106")
        stack = Path(entry.file).name.split(".")[1]
        yield _mistake("names itself", entry, entry.given(stack), "CHR0208", words=(f"{stack} → {stack}",))


def ids() -> Iterator[Mistake]:
    for section in SECTIONS:
        own = next((entry for entry in _below(section) if entry.keys == (*section.keys, "id")), None)
        for bad in ("Acme", "under_score", "-x", "x" * 64):
            text = own.given(f'"{bad}"') if own else section.renamed(bad)
            yield _mistake(f"not an id: {bad[:12]}", section, text, "CHR0201")
        if own:
            yield _mistake("no id", section, own.without(), "CHR0202")


@cache
def _parent_of(section: Entry) -> Entry | None:
    """Who is above: in the same file, or in the parent stack's."""
    file = "stacks/Pulumi.checkout-prod.yaml" if "/prod/" in section.file else section.file
    own = [other for other in SECTIONS if other.company == section.company and other.file == file]
    own = [other for other in own if other.keys[1] != "chaosreg:infrastructures" and "/prod/" not in other.file]
    above = own[: own.index(section)] if section in own else own
    if above or file == "Pulumi.yaml":
        return above[-1] if above else None
    parent = yaml.safe_load(GOOD[section.company][file])["config"].get("chaosreg:parent_stack")
    named = f"stacks/Pulumi.{parent}.yaml" if parent else "Pulumi.yaml"
    of_parent = [other for other in SECTIONS if other.company == section.company and other.file == named]
    return of_parent[-1] if of_parent else None


def _below_scope(section: Entry) -> list[Entry]:
    return [other for other in SECTIONS if (parent := _parent_of(other)) and section in (parent, *_above(parent))]


def _above(section: Entry) -> list[Entry]:
    parent = _parent_of(section)
    return [parent, *_above(parent)] if parent else []


def _lockable(section: Entry) -> list[Entry]:
    """The fields of a scope that a lock above forbids; `authentication`, `verify` and a list are one field each."""
    roots = (*LOCKABLE, "registry", "authentication")
    depth = len(section.keys)
    return [
        entry
        for entry in _below(section)
        if entry.keys[depth] in roots
        and (not isinstance(entry.kind, Table | TextMap) or entry.keys[-1] in ("authentication", "verify"))
        and not {"authentication", "verify"} & set(entry.keys[depth:-1])
        and entry.key is not entry.value
    ]


def locks() -> Iterator[Mistake]:
    """`allow_overrides: false` and a deleted `allow_overrides`: a finding for each field below, which names the owner;
    one for those of a group that stand on one line.
    """
    for section in SECTIONS:
        allows = next((entry for entry in _below(section) if entry.keys[-1] == "allow_overrides"), None)
        if allows is None or not any(map(_lockable, _below_scope(section))):
            continue
        closed = {"set to false": allows.given("false")}
        if _lockable(section):
            closed["deleted"] = allows.without()
        for what, text in closed.items():
            files = {**GOOD[section.company], section.file: text}
            told = {
                (field.file, field.keys[: len(scope.keys) + 1], line_at(files[field.file], *field.keys))
                for scope in _below_scope(section)
                for field in _lockable(scope)
            }
            spots = tuple(("CHR0203", file, line) for file, _, line in told)
            line = allows.line if what == "set to false" else section.line
            words = (f"= locked by: {{folder}}/{section.file}:{line}  ",)
            yield Mistake(f"{what} - {allows.name}", section.company, {section.file: text}, spots, words=words)


def deletions() -> Iterator[Mistake]:
    """A setting that something else needs: (code, what is named then)."""
    needed = {
        "cluster": ("CHR0601", ()),
        "authentication": ("CHR0502", ("image_registry", "type")),
        "type": ("CHR0211", ("image_registry", "server")),
        "secret_name": ("CHR0505", ("image_registry", "authentication")),
        "username": ("CHR0505", ("image_registry", "authentication")),
    }
    for section in SECTIONS:
        if section.company == SMALL:  # has the page's spellings
            continue
        for entry in _below(section):
            code, named = needed.get(str(entry.keys[-1]), ("", ()))
            if "trust" in entry.keys:
                continue  # has words of its own, which test_findings_of_identities.py misses one by one
            of_registry = "image_registry" in entry.keys
            of_authentication = "authentication" in entry.keys[:-1]
            if not code or (entry.keys[-1] == "type" and (not of_registry or of_authentication)):
                continue
            text = entry.without()
            line = line_at(text, *section.keys, *named)
            yield replace(_mistake("deleted", entry, text, code, line=line), lost="")


SAID_AT: dict[str, tuple[str, Keys]] = {
    "chaos-ddcr:1.94.1": ("Pulumi.checkout.yaml", ("chaosreg:project", "images", "tags", "chaos-ddcr")),
    "chaos-ddcr-faults:1.94.1": ("Pulumi.checkout.yaml", ("chaosreg:project", "images", "tags", "chaos-ddcr-faults")),
    "chaos-probe:1.2.0": ("Pulumi.checkout-dev.yaml", ("chaosreg:infrastructures", "probes", "required_images", 1)),
    "delegate:24.11.84304": ("Pulumi.acme.yaml", ("chaosreg:account", "mirror", "also", 0)),
    "source-probe:1.4.0": ("Pulumi.acme.yaml", ("chaosreg:account", "mirror", "also", 1)),
    "service-discovery-collector:0.74.0": ("Pulumi.acme.yaml", ("chaosreg:account", "images", "release")),
    "service-discovery-collector:0.75.0": (
        "prod/america.yaml",
        ("prod-us", "images", "tags", "service-discovery-collector"),
    ),
    "service-discovery-collector:0.82.0": (
        "Pulumi.checkout-dev.yaml",
        ("chaosreg:infrastructures", "next", "images", "release"),
    ),
}
"""Image → the file and keys that decide its tag, however many owners mirror it."""
OF_LEDGER: tuple[str, Keys] = ("Pulumi.ledger.yaml", ("chaosreg:project", "images", "release"))
LOCK = "stacks/chaosreg.lock.yaml"


def lockfile_lines() -> Iterator[Mistake]:
    for company, files in GOOD.items():
        lines = files[LOCK].splitlines(keepends=True)
        for number, line in enumerate(lines[1:], start=2):
            source = line.rpartition(": ")[0]
            without = "".join(lines[: number - 1] + lines[number:])
            if company == BIG:
                file, keys = SAID_AT.get(source.rpartition("/")[2], OF_LEDGER)
                file, keys = f"stacks/{file}", keys if file.startswith("prod") else ("config", *keys)
            else:
                file, keys = "Pulumi.yaml", ("config", "chaosreg:account", "value", "images", "release")
            spots = (("CHR0304", file, line_at(files[file], *keys)),)
            yield Mistake(
                f"not locked: {source}", company, {LOCK: without}, spots, words=(source, "run `chaosreg lock`")
            )
            damages = {
                "no colon": (line.replace(": ", " "), number),
                "digest too short": (line[:-2] + "\n", number),
                "a conflict": ("<<<<<<< ours\n" + line, number),
                "twice": (line + line, number + 1),
            }
            what = list(damages)[number % len(damages)]
            damaged, at = damages[what]
            text = "".join([*lines[: number - 1], damaged, *lines[number:]])
            yield Mistake(f"{what}: {source}", company, {LOCK: text}, (("CHR0303", LOCK, at),))


ACCOUNT, PAYMENTS, CHECKOUT = "stacks/Pulumi.acme.yaml", "stacks/Pulumi.payments.yaml", "stacks/Pulumi.checkout.yaml"
LEDGER, LEDGER_PROD = "stacks/Pulumi.ledger.yaml", "stacks/Pulumi.ledger-prod.yaml"
DEV, PROD = "stacks/Pulumi.checkout-dev.yaml", "stacks/Pulumi.checkout-prod.yaml"
EUROPE, AMERICA = "stacks/prod/europe.yaml", "stacks/prod/america.yaml"
CATALOGUE, ALL = "stacks/chaosreg.catalogue.yaml", "stacks/Pulumi.all.yaml"

BY_HAND: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    # what is wrong → company, and (file, text there, what stands there instead); marked as in test_every_finding.py
    "a release that there is not": (BIG, [(ACCOUNT, '"1.94.4"', '"1.94.5"  #! CHR0302')]),
    "a release that there is not, at a project": (BIG, [(LEDGER, '"1.53.1"', '"1.53.2"  #! CHR0302')]),
    "a release that there is not, in Pulumi.yaml": (SMALL, [("Pulumi.yaml", '"1.93.0"', '"1.93.9"  #! CHR0302')]),
    "a release that the additions have no more": (
        BIG,
        [(CATALOGUE, '"1.101.0":', '"1.100.0":'), (DEV, '"1.101.0"', '"1.101.0"  #! CHR0302')],
    ),
    "no release at all": (
        BIG,
        [
            (ACCOUNT, "chaosreg:account:\n", "chaosreg:account:  #! CHR0307\n"),
            (ACCOUNT, '    images:\n      release: "1.94.4"\n', ""),
        ],
    ),
    "dedicated on a release that has no such images": (
        BIG,
        [(LEDGER, "type: dedicated", "type: dedicated  #! CHR0305"), (LEDGER, "1.53.1", "1.94.4")],
    ),
    "two required images of one name": (
        BIG,
        [(DEV, "- harness/chaos-ddcr\n", "- harness/chaos-ddcr\n        - other/chaos-ddcr  #! CHR0306\n")],
    ),
    "a source that is not allowed": (
        BIG,
        [(ACCOUNT, "source: docker.io", "source: quay.io"), (ACCOUNT, "allow_sources:", "allow_sources:  #! CHR0309")],
    ),
    "two owners of the same three repositories": (
        BIG,
        [
            (DEV, "    borrowed:\n", "    borrowed:  #! CHR0311\n"),
            (DEV, "server: europe-docker.pkg.dev", "server: harbor.acme.example:8443"),
            (DEV, "account: acme/chaos", "account: chaos/images"),
        ],
    ),
    "a required image with a server": (
        BIG,
        [(DEV, "- harness/chaos-ddcr\n", "- quay.io/harness/chaos-ddcr  #! CHR0312\n")],
    ),
    "a custom image that floats": (
        BIG,
        [(CHECKOUT, "/log-watcher:2.1.0", "/log-watcher:latest  #! CHR0313")],
    ),
    "a source that has no such images": (
        BIG,
        [
            (CATALOGUE, "    - ddcr\n", ""),
            (DEV, "source: mirror.acme.example/harness", "source: mirror.acme.example/harness  #! CHR0314"),
        ],
    ),
    "nobody mirrors, and two own a registry": (
        BIG,
        [
            (ACCOUNT, "      source: docker.io/harness\n", ""),
            (ACCOUNT, "example:8443\n", "example:8443  #! CHR0315\n"),
            (DEV, "pkg.dev\n", "pkg.dev  #! CHR0315 #! CHR0335\n"),
            (DEV, "gcr.io\n", "gcr.io  #! CHR0315 #! CHR0335\n"),
            (DEV, "jfrog.io\n", "jfrog.io  #! CHR0315 #! CHR0335\n"),
            (DEV, "berth.example\n", "berth.example  #! CHR0315 #! CHR0335\n"),
            (DEV, "azurecr.io\n", "azurecr.io  #! CHR0315 #! CHR0335\n"),
            (DEV, "amazonaws.com\n        account: far", "amazonaws.com  #! CHR0315 #! CHR0335\n        account: far"),
        ],
    ),
    "a floating tag in immutable repositories": (
        BIG,
        [
            (ACCOUNT, "create: false", "create: false\n      immutable_tags: true  #! CHR0111"),
            (CHECKOUT, 'chaos-ddcr: "1.94.1"', 'chaos-ddcr: "latest"  #! CHR0316 #! CHR0304'),
        ],
    ),
    "an addition that contradicts": (
        BIG,
        [(CATALOGUE, "releases:\n", 'releases:\n  "1.94.4":\n    ddcr:\n      chaos-ddcr: "2"  #! CHR0317\n')],
    ),
    "an unknown key in the additions": (
        BIG,
        [(CATALOGUE, "    date:", "    dat:  #! CHR0104\n     ")],
    ),
    "a pull Secret in another namespace": (
        BIG,
        [
            (DEV, "          namespace: harness-chaos", "          namespace: elsewhere"),
            (DEV, "authentication:\n          type", "authentication:  #! CHR0504\n          type"),
        ],
    ),
    "a type of authentication that Harbor does not take": (
        BIG,
        [(ACCOUNT, "authentication:", "authentication:  #! CHR0510"), (ACCOUNT, "type: basic", "type: aws_ecr")],
    ),
    "a token whose user nobody names": (
        BIG,
        [
            (ACCOUNT, "authentication:", "authentication:  #! CHR0505"),
            (ACCOUNT, "type: basic", "type: token"),
            (ACCOUNT, "        username: ", "        # "),
        ],
    ),
    "another region than the server's": (
        BIG,
        [
            (DEV, "authentication:\n          type", "authentication:  #! CHR0510\n          type"),
            (DEV, "region: eu-west-1", "region: eu-west-2"),
        ],
    ),
    "basic authentication without a password": (
        BIG,
        [
            (ACCOUNT, "authentication:", "authentication:  #! CHR0505"),
            (ACCOUNT, "        password_secret: harbor-credentials\n        password_env: HARBOR_PASSWORD\n", ""),
        ],
    ),
    "a custom image that nobody has a login for": (
        BIG,
        [
            (
                CHECKOUT,
                "log_watcher: harbor.acme.example:8443/observability/log-watcher:2.1.0",
                "log_watcher: quay.io/acme/log-watcher:2.1.0  #! CHR0334",
            )
        ],
    ),
    "two infrastructures with one namespace and one Secret": (
        BIG,
        [
            (EUROPE, "prod-eu-2:", "prod-eu-2:  #! CHR0602"),
            (EUROPE, "namespace: harness-chaos-2", "pull_secret: {name: registry-login}"),
        ],
    ),
    "two infrastructures of one id in one namespace: ConfigMap and Secret": (
        BIG,
        [
            (LEDGER_PROD, "legacy-eu:\n", "probes:  #! CHR0602\n"),
            (LEDGER_PROD, "context: legacy-eu", "context: probes"),
        ],
    ),
    "one context in two kubeconfigs": (
        BIG,
        [
            (EUROPE, "prod-eu-2:", "prod-eu-2:  #! CHR0603"),
            (EUROPE, "{context: prod-eu}", "{context: prod-eu, kubeconfig: other.yaml}"),
        ],
    ),
    "one id in two files of infrastructures": (
        BIG,
        [(AMERICA, "prod-us:", "prod-eu:"), (EUROPE, "prod-eu:", "prod-eu:  #! CHR0210")],
    ),
    "two projects of one id": (
        BIG,
        [(LEDGER, "id: ledger", "id: checkout"), (LEDGER, "chaosreg:project:", "chaosreg:project:  #! CHR0210")],
    ),
    "a second account": (
        BIG,
        [("stacks/Pulumi.other.yaml", "", "config:\n  chaosreg:account:  #! CHR0210\n    id: other\n")],
    ),
    "a second account, in a file below the first: it has a parent, too": (
        BIG,
        [
            (
                LEDGER,
                "parent_stack: payments",
                "parent_stack: payments\n  chaosreg:account:  #! CHR0206\n    {id: other, allow_overrides: true}",
            ),
        ],
    ),
    "an account beside the one of Pulumi.yaml": (
        SMALL,
        [("stacks/Pulumi.second.yaml", "", "config:\n  chaosreg:account:  #! CHR0210\n    id: other\n")],
    ),
    "no account above": (
        SMALL,
        [
            ("Pulumi.yaml", "  chaosreg:account:\n", "  other:account:\n"),
            (ALL, "organization:", "organization:  #! CHR0205"),
        ],
    ),
    "a ring of two": (BIG, [(PAYMENTS, "parent_stack: acme", "parent_stack: checkout  #! CHR0208")]),
    "a ring through a file that holds no level above": (
        BIG,
        [(PAYMENTS, "parent_stack: acme", "parent_stack: ledger-prod  #! CHR0208")],
    ),
    "a parent that is not above": (BIG, [(LEDGER, "parent_stack: payments", "parent_stack: checkout  #! CHR0209")]),
    "a move from where another one is": (
        BIG,
        [(AMERICA, "prod-us:\n", "prod-us:\n  moved_from: payments/checkout/dev  #! CHR0212\n")],
    ),
    "a move from where it is": (BIG, [(EUROPE, "payments/shop/prod-eu", "payments/checkout/prod-eu  #! CHR0212")]),
    "a move that another one claims": (
        BIG,
        [
            (AMERICA, "prod-us:\n", "prod-us:\n  moved_from: payments/shop/prod-eu\n"),
            (EUROPE, "shop/prod-eu", "shop/prod-eu  #! CHR0212"),
        ],
    ),
    "a move of a project from too deep": (
        BIG,
        [(LEDGER, "id: ledger", "id: ledger\n    moved_from: a/b/c  #! CHR0212")],
    ),
    "a pattern that matches nothing": (BIG, [(PROD, '"prod/*.yaml"', '"prod/*.yml"  #! CHR0116')]),
    "a pattern that leads out": (BIG, [(PROD, '"prod/*.yaml"', '"../*.yaml"  #! CHR0116')]),
    "a file of infrastructures that is a list": (
        BIG,
        [("stacks/prod/asia.yaml", "", "- prod-asia  #! CHR0106\n")],
    ),
    "infrastructures as a list": (
        BIG,
        [(PROD, "infrastructures:", "infrastructures:  #! CHR0106"), (PROD, 'files: "prod/*.yaml"', "- prod-eu")],
    ),
    "an infrastructure with an id": (BIG, [(AMERICA, "prod-us:\n", "prod-us:\n  id: prod-us  #! CHR0104\n")]),
    "text that is not YAML": (BIG, [(LEDGER_PROD, "namespace: hce", "namespace: @hce  #! CHR0102")]),
    "an alias that names nothing": (BIG, [(AMERICA, '"0.75.0"', "*nothing  #! CHR0102")]),
    "an alias inside of what it names": (
        BIG,
        [
            (AMERICA, "prod-us:\n", "prod-us: &ring  #! CHR0102\n  cluster: *ring\n"),
            (AMERICA, "  cluster:\n    context: prod-us\n", ""),
        ],
    ),
    "an environment above other stacks": (BIG, [(PAYMENTS, "config:", "environment: [esc]  #! CHR0114\nconfig:")]),
    "two spellings of one key": (
        SMALL,
        [(ALL, "    mirror:", "    onDestroy: delete  #! CHR0103\n    on_destroy: delete\n    mirror:")],
    ),
    "authentication beside and inside the registry": (
        SMALL,
        [
            (ALL, "      type: private", "      type: private\n      authentication: {secret_name: other}"),
            (ALL, "    authentication:\n", "    authentication:  #! CHR0103\n"),
        ],
    ),
    # and nothing else follows from what is left out
    "a misspelt `allow_overrides` locks everything below": (
        BIG,
        [(CHECKOUT, "allow_overrides: true", "alow_overrides: true  #! CHR0104")],
    ),
    "the parent's file has our sections, and cannot be read": (
        BIG,
        [(LEDGER, "    type: dedicated", "    type: dedicated\n    type: dedicated  #! CHR0103")],
    ),
    "the parent's only section is misspelt": (
        BIG,
        [(ACCOUNT, "chaosreg:account:\n", "chaosreg:acount:  #! CHR0110\n")],
    ),
    "one damaged line unlocks every image": (
        BIG,
        [(LOCK, "chaos-probe:1.2.0: sha256:", "chaos-probe:1.2.0: #! CHR0303 sha256:")],
    ),
    "a malformed tag asks for another tag's digest": (
        BIG,
        [(CHECKOUT, 'chaos-ddcr: "1.94.1"', "chaos-ddcr: 1.94  #! CHR0105")],
    ),
    "a malformed release blames the type": (BIG, [(LEDGER, '"1.53.1"', "1.53  #! CHR0105")]),
    "a malformed beginning forbids the source": (
        BIG,
        [(ACCOUNT, "- docker.io/harness", "- https://docker.io/harness  #! CHR0301")],
    ),
    "a malformed namespace blames authentication below": (
        BIG,
        [(PAYMENTS, "name: harness-chaos", "name: Harness  #! CHR0112")],
    ),
    "a malformed server leaves custom images without a login": (
        BIG,
        [(ACCOUNT, "harbor.acme.example:8443\n", "https://harbor.acme.example:8443  #! CHR0301\n")],
    ),
    "a malformed namespace gives one object two owners": (
        BIG,
        [(EUROPE, "namespace: harness-chaos-2", "namespace: Harness  #! CHR0112")],
    ),
    "a misspelt section of Pulumi.yaml is passed over": (
        BIG,
        [("Pulumi.yaml", "config:\n", "config:\n  chaosreg:acount: {value: {}}  #! CHR0110\n")],
    ),
    "camelCase in Pulumi.yaml is passed over": (
        BIG,
        [("Pulumi.yaml", "config:\n", "config:\n  chaosreg:parentStack: acme  #! CHR0113\n")],
    ),
    "a secure flag": (
        BIG,
        [(CHECKOUT, "allow_overrides: true", "allow_overrides: {secure: v1:x}  #! CHR0108")],
    ),
    "a secure list": (
        BIG,
        [(EUROPE, "service_accounts: [litmus]", "service_accounts: {secure: v1:x}  #! CHR0108")],
    ),
    "a secure mapping of tags": (
        BIG,
        [(AMERICA, 'service-discovery-collector: "0.75.0"', "secure: v1:x  #! CHR0108")],
    ),
    "a secure mapping of custom images": (
        BIG,
        [(DEV, "      custom_images:\n", "      custom_images:\n        secure: v1:x  #! CHR0108\n")],
    ),
}


def by_hand() -> Iterator[Mistake]:
    for name, (company, changes) in BY_HAND.items():
        yield Mistake(name, company, *_edited(name, company, changes))


def _edited(name: str, company: str, changes: list[tuple[str, str, str]]) -> tuple[dict[str, str], tuple[Spot, ...]]:
    """The files that are changed, and what their marks say."""
    edits: dict[str, str] = {}
    for file, old, new in changes:
        text = edits.get(file) or GOOD[company].get(file, "")
        if text.count(old) != 1 if old else text:
            raise ValueError(f"{name}: {old!r} is {text.count(old)} times in {file}")
        edits[file] = text.replace(old, new) if old else new
    spots = tuple(
        (code, file, number)
        for file, text in edits.items()
        for number, line in enumerate(text.splitlines(), start=1)
        for code in re.findall(r"#! (CHR\d{4})", line)
    )
    return edits, spots


GENERATORS: tuple[Callable[[], Iterator[Mistake]], ...] = (
    misspelt_keys,
    misspelt_sections,
    wrong_types,
    wrong_words,
    malformed,
    secure_values,
    keys_twice,
    parents,
    ids,
    locks,
    deletions,
    lockfile_lines,
    by_hand,
)

MISTAKES = [mistake for generate in GENERATORS for mistake in generate()]


# the tests -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def write(tmp_path_factory) -> Callable[..., Path]:
    """Writes a company's edits to its folder, in which everything else is as it was in the good one."""
    folder = tmp_path_factory.mktemp("companies")
    edited: dict[str, set[str]] = {company: set(files) for company, files in GOOD.items()}

    def write(company: str, edits: Mapping[str, str | bytes]) -> Path:
        project = folder / company
        for name in edited[company] | set(edits):
            content = edits.get(name, GOOD[company].get(name))
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        edited[company] = set(edits)
        _REVIEWS.pop(project, None)
        return project

    return write


@pytest.fixture
def review_once(monkeypatch) -> Callable[[Path], Review]:
    """The commands share one review per folder (its files do not change between them) and one parser each."""
    monkeypatch.setattr(cli, "whole_parser", _parser)
    for command in ("validate", "resolve", "explain", "diff"):
        module = importlib.import_module(f"pulumi_chaosreg.cli.commands.{command}")
        monkeypatch.setattr(module, "review", lambda project, stack=None: _reviewed(project))
    return _reviewed


_PARSERS: dict[str, argparse.ArgumentParser] = {}
_new_parser = cli.whole_parser


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    command = given[2]  # behind --project
    if command not in _PARSERS:
        _PARSERS[command] = _new_parser(given)
    return _PARSERS[command]


_REVIEWS: dict[Path, Review] = {}


def _reviewed(project: Path) -> Review:
    if project not in _REVIEWS:
        _REVIEWS[project] = review(project)
    return _REVIEWS[project]


def _run_all(project: Path, company: str, capsys) -> dict[str, tuple[int, str, str]]:
    """Command → exit code, standard output, standard error; each ends without an exception."""
    infrastructure = "prod-eu" if company == BIG else "test"
    commands = (("validate",), ("resolve",), ("explain", infrastructure), ("diff", str(HERE / company)))
    return {command[0]: (cli.main(["--project", str(project), *command]), *capsys.readouterr()) for command in commands}


def _spots(reviewed: Review, project: Path) -> Counter[Spot]:
    return Counter(
        (finding.code, str(finding.place.file.relative_to(project)), finding.place.line)
        for finding in reviewed.findings
        if finding.place and finding.place.file and finding.severity != "hint"
    )


def _result(reviewed: Review) -> dict[str, list[tuple[str, str, str]]]:
    """What each infrastructure ends up with, and who decided it."""
    return {
        config.infrastructure.path: [(one.name, one.value, str(one.origin)) for one in config.fields()]
        for config in reviewed.resolved.values()
    }


@pytest.mark.parametrize(("company", "infrastructures"), [(BIG, 15), (SMALL, 1)])
def test_a_good_company_has_no_finding_and_no_command_complains(write, review_once, capsys, company, infrastructures):
    project = write(company, {})
    reviewed = review(project)
    assert {finding.code for finding in reviewed.findings} <= {"CHR0335"}  # what is let in knowingly is a hint
    assert (reviewed.errors, reviewed.warnings) == ((), ())
    assert len(reviewed.resolved) == infrastructures
    ran = _run_all(project, company, capsys)
    assert {command: (code, err) for command, (code, _, err) in ran.items()} == dict.fromkeys(ran, (0, ""))
    assert ran["diff"][1].startswith("nothing changes for any infrastructure")


WITHOUT_EFFECT = {
    "pull_secret.adopt": "true",
}


WRITTEN_OUT = (
    "registries",
    "image_registry.name",
    "image_registry.authentication.lifetime_days",  # test_findings_of_made_logins.py
    "image_registry.authentication.per",
    "allow_overrides.settings",
    "allow_overrides.scopes",
    "allow_overrides.registries",
    "labels",
    "annotations",
)
"""Settings whose mistakes are written out one by one, mostly in test_findings_of_registries.py."""


def test_the_good_companies_say_every_setting_that_this_version_acts_on():
    def every(table: Table, above: tuple[str, ...] = ()) -> Iterator[str]:
        for key, kind in table.fields.items():
            yield ".".join((*above, key))
            if isinstance(kind, Table):
                yield from every(kind, (*above, key))

    entries = [entry for entry in ENTRIES if "trust" not in entry.keys[:-1]]  # whose `environment` is another one
    said = {".".join(key for key in entry.keys if isinstance(key, str)) for entry in entries}
    missing = {path for path in every(SETTINGS) if not any(f".{text}".endswith(f".{path}") for text in said)}
    assert missing == {*WITHOUT_EFFECT, *WRITTEN_OUT}


def test_there_are_mistakes_of_every_kind():
    assert len(MISTAKES) > 700
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES)
    assert all(any(True for _ in generate()) for generate in GENERATORS)
    assert len(MISTAKES) / 12 < sum(map(_ordinary, MISTAKES)) < len(MISTAKES) / 8
    grammars = {kind.grammar.what for entry in ENTRIES if (kind := entry.kind) and getattr(kind, "grammar", None)}
    assert grammars - {"a platform"} == set(MALFORMED)  # `platforms: all` is no platform


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_found_where_it_was_made_and_nothing_else_is(write, review_once, mistake):
    # given: a good company with one mistake
    project = write(mistake.company, mistake.edits)
    # when
    reviewed = review_once(project)
    # then: what is expected is there, in number, too
    found, expected = _spots(reviewed, project), Counter(mistake.expected)
    assert expected - found == Counter()
    # and nothing else, but what is known to follow from a value that is left out
    assert [spot for spot in found - expected if spot[0] not in _may_follow(mistake)] == []
    # and it helps
    of_mistake = [finding for finding in reviewed.findings if finding.code == mistake.expected[0][0]]
    assert all(finding.help.startswith(mistake.help) for finding in of_mistake)
    for word in mistake.words:
        assert all(word.format(folder=project) in str(finding) for finding in of_mistake)
    # and `validate` says so
    assert cli.main(["--project", str(project), "validate"]) == (1 if reviewed.errors else 0)


FIRST_OF_THEIR_KIND = {next(generate()).name for generate in GENERATORS}


def _ordinary(mistake: Mistake) -> bool:
    """One of each kind, and one in ten, the same ones whatever is added: by the mistake's own name."""
    return mistake.name in FIRST_OF_THEIR_KIND or crc32(mistake.name.encode()) % 10 == 0


@pytest.mark.parametrize(
    "mistake",
    [pytest.param(one, id=one.name, marks=() if _ordinary(one) else pytest.mark.nightly) for one in MISTAKES],
)
def test_no_command_ends_in_a_traceback(write, review_once, capsys, mistake):
    """The dearer commands: one mistake in ten in every run, all the others by night."""
    project = write(mistake.company, mistake.edits)
    reviewed = review_once(project)
    codes = {command: code for command, (code, _, _) in _run_all(project, mistake.company, capsys).items()}
    errors = 1 if reviewed.errors else 0
    assert codes == {"validate": errors, "resolve": errors, "explain": codes["explain"], "diff": errors}
    assert codes["explain"] in (errors, 2)  # the infrastructure may be gone


CAMEL = [entry for entry in ENTRIES if isinstance(entry.key.value, str) and "_" in entry.key.value]


@pytest.mark.parametrize("entry", CAMEL, ids=lambda entry: entry.name)
def test_a_key_in_camel_case_is_a_warning_and_means_the_same(write, entry):
    if entry.key is entry.value or (isinstance(entry.parent, TextMap) and not entry.parent.keys):
        pytest.skip("a value, and no key")
    head, *tail = entry.key.value.split("_")
    camel = head + "".join(word.capitalize() for word in tail)
    project = write(entry.company, {entry.file: entry.renamed(camel)})
    reviewed = review(project)
    assert _spots(reviewed, project) == Counter([("CHR0113", entry.file, entry.line)])
    assert reviewed.errors == ()
    assert _result(reviewed) == _result(_reviewed(HERE / entry.company))


@pytest.mark.parametrize(
    "entry", [entry for entry in _config_entries() if "parent_stack" in entry.keys[-1]], ids=lambda entry: entry.name
)
def test_a_section_in_camel_case_is_a_warning_and_means_the_same(write, entry):
    project = write(BIG, {entry.file: entry.renamed("chaosreg:parentStack")})
    reviewed = review(project)
    assert _spots(reviewed, project) == Counter([("CHR0113", entry.file, entry.line)])
    assert _result(reviewed) == _result(_reviewed(HERE / BIG))


@pytest.mark.parametrize("setting", WITHOUT_EFFECT)
def test_a_setting_without_effect_is_a_warning_and_changes_nothing(write, setting):
    table, _, key = setting.rpartition(".")
    of_table = (entry for entry in ENTRIES if entry.keys[-1] == table and entry.company == BIG)
    entry = next(of_table) if table else SECTIONS[0]
    at = entry.value.start_mark
    text = entry.text[: at.index] + f"{key}: {WITHOUT_EFFECT[setting]}\n" + " " * at.column + entry.text[at.index :]
    project = write(BIG, {entry.file: text})
    reviewed = review(project)
    assert _spots(reviewed, project) == Counter([("CHR0111", entry.file, at.line + 1)])
    assert reviewed.errors == ()
    assert _result(reviewed) == _result(_reviewed(HERE / BIG))


def test_two_projects_that_swap_their_ids_swap_their_paths_and_nothing_else(write):
    swapped = {
        CHECKOUT: GOOD[BIG][CHECKOUT].replace("id: checkout", "id: ledger"),
        LEDGER: GOOD[BIG][LEDGER].replace("id: ledger", "id: checkout"),
    }
    reviewed = review(write(BIG, swapped))
    assert (reviewed.errors, reviewed.warnings) == ((), ())
    other = {"checkout": "ledger", "ledger": "checkout"}
    was = _result(_reviewed(HERE / BIG))
    expected = {
        "/".join(other.get(part, part) for part in path.split("/")): [
            (name, value, f"project/{other[origin[8:]]}" if origin.startswith("project/") else origin)
            for name, value, origin in fields
        ]
        for path, fields in was.items()
    }
    assert _result(reviewed) == expected


def test_without_the_value_of_pulumi_yaml_the_secret_is_somebody_else_s(write):
    text = GOOD[BIG]["Pulumi.yaml"].replace("chaosreg-credentials:edge-pull", "elsewhere:edge-pull")
    made = {
        path: {name: value for name, value, _ in fields}["pull_secret.delivery"]
        for path, fields in _result(review(write(BIG, {"Pulumi.yaml": text}))).items()
        if path.endswith(("edge", "/dev"))
    }
    assert made == {"payments/checkout/edge": "theirs", "payments/checkout/dev": "secret"}


def test_a_key_given_twice_in_pulumi_yaml_ends_every_command_with_2(write, capsys):
    text = GOOD[SMALL]["Pulumi.yaml"] + '        release: "1.93.0"\n'
    for code, out, err in _run_all(write(SMALL, {"Pulumi.yaml": text}), SMALL, capsys).values():
        assert (code, out) == (2, "")
        assert "error[CHR0103]: `release` is given twice" in err


WOULD_MISLEAD = {
    # what would blame another setting, and is not told → company, edits
    "CHR0304: a misspelt `type` asks for the other type's images": (
        BIG,
        [(LEDGER, "type: dedicated", "typ: dedicated  #! CHR0104")],
    ),
    "CHR0304: a misspelt image name asks for the release's tag": (
        BIG,
        [(CHECKOUT, 'chaos-ddcr: "1.94.1"', 'chaos-ddrc: "1.94.1"  #! CHR0310')],
    ),
    "CHR0304: a misspelt custom image asks for the image that it replaces": (
        BIG,
        [(CHECKOUT, "log_watcher: ", "log_wacher:  #! CHR0104\n        ")],
    ),
    "CHR0511: a misspelt custom image is taken from another level": (
        BIG,
        [(DEV, "        log_watcher: ", "        log_wacher:  #! CHR0104\n          ")],
    ),
}


@pytest.mark.parametrize("follow_up", WOULD_MISLEAD)
def test_what_only_follows_from_a_mistake_is_not_told(write, follow_up):
    company, changes = WOULD_MISLEAD[follow_up]
    edits, expected = _edited(follow_up, company, changes)
    project = write(company, edits)
    assert _spots(review(project), project) == Counter(expected)


SPOILED = sorted(name for name in GOOD[BIG])


@examples(20)
@given(
    name=st.sampled_from(SPOILED),
    at=st.floats(0, 1),
    cut=st.integers(0, 12),
    put=st.one_of(
        st.binary(max_size=3),
        st.sampled_from([b"\t", b"\n", b"- ", b": ", b"{", b"[", b"'", b"&a ", b"*a", b"#", b"\0"]),
    ),
)
def test_random_damage_never_ends_in_a_traceback(write, name, at, cut, put):
    content = GOOD[BIG][name].encode()
    place = int(at * len(content))
    project = write(BIG, {name: content[:place] + put + content[place + cut :]})
    for command in (["validate"], ["validate", "--stack", "checkout-dev"], ["resolve"], ["explain", "prod-eu"]):
        assert cli.main(["--project", str(project), *command]) in (0, 1, 2)
    assert cli.main(["--project", str(project), "diff", str(HERE / BIG)]) in (0, 1, 2)
