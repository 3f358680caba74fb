"""What a kind of registry takes of those who make repositories in it: its limits, known offline. Data of kinds.toml."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class KeyForm:
    """How a key that encrypts is written."""

    pattern: re.Pattern[str]
    """May have the group `region`: the registry's own, then."""
    shown: str
    """As people write it."""
    called: str
    """What the cloud calls a text of this form."""

    def fits(self, key: str) -> bool:
        """Whether it is of this form."""
        return self.pattern.fullmatch(key) is not None

    def region(self, key: str) -> str | None:
        """The region that it names; None where it names none."""
        found = self.pattern.fullmatch(key)
        return found["region"] if found and "region" in self.pattern.groupindex else None


@dataclass(frozen=True, slots=True)
class CloudTags:
    """Which tags of the cloud a resource may have."""

    most: int
    longest_key: int
    longest_value: int
    reserved: str
    """What no key begins with, in whatever case."""
    pattern: re.Pattern[str]
    """Of a key, with its value after it."""
    letters: str
    """The same in words."""

    def problems(self, tags: Mapping[str, str]) -> Iterator[tuple[str | None, str]]:
        """The key (None: all together) and what is wrong with it. No value is repeated."""
        if len(tags) > self.most:
            yield None, f"there are {len(tags)}, but a repository takes {self.most}"
        for key, value in tags.items():
            if not key:
                yield key, "a key is empty"
            elif len(key) > self.longest_key:
                yield key, f"the key `{key[:20]}…` has {len(key)} characters, but a repository takes {self.longest_key}"
            elif key.lower().startswith(self.reserved):
                yield key, f"the key `{key}` begins with `{self.reserved}`, which is the cloud's own"
            elif len(value) > self.longest_value:
                most = self.longest_value
                yield key, f"the value of `{key}` has {len(value)} characters, but a repository takes {most}"
            elif not self.pattern.fullmatch(key + value):
                yield key, f"`{key}` or its value has other characters than {self.letters}"


@dataclass(frozen=True, slots=True)
class SharedName:
    """What the one repository may be called that all images of a registry share."""

    longest: int
    pattern: re.Pattern[str]
    letters: str
    """The same in words."""
    never: Sequence[str] = ()
    """Names that are the registry's own, in lower case."""
    never_begins: Sequence[str] = ()
    never_ends: Sequence[str] = ()
    filled_by_itself: Sequence[str] = ()
    """Words with which people end the names of repositories that take images from elsewhere, and are none to make."""

    hands_on: Sequence[str] = ()
    """Those of them whose repositories take pushes, for another one."""

    def problem(self, name: str) -> str:
        """What is wrong with it; empty where nothing is."""
        plain = name.lower()
        if len(name) > self.longest:
            return f"it has {len(name)} characters, but {self.longest} are allowed"
        if not self.pattern.fullmatch(name):
            return f"it has other characters than {self.letters}"
        if plain in self.never or plain.startswith(tuple(self.never_begins)):
            return "this name is the registry's own"
        end = next((one for one in self.never_ends if plain.endswith(one)), "")
        return f"it ends with `{end}`" if end else ""

    def sounds_filled(self, name: str) -> str:
        """The word by which it sounds like one that fills itself; empty where it does not."""
        last = re.split(r"[-_.]", name.lower())[-1]
        return last if last in self.filled_by_itself else ""

    def refuses_pushes(self, name: str) -> str:
        """The word by which it sounds like one that cannot be pushed to; empty where it does not."""
        word = self.sounds_filled(name)
        return "" if word in self.hands_on else word


@dataclass(frozen=True, slots=True)
class MadeRepositories:
    """What a kind takes of `repositories`, and its limits: None where none is known, or where we make none."""

    takes: tuple[str, ...] = ()
    """The keys below `repositories`, besides `create`, that its provisioner goes by. All others are told (CHR0497)."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """Keys that it does not take → what it has for the same purpose, as it is written."""
    moving_tags: int | None = None
    """How many tags may move, each by its name or a pattern, where all others stay."""
    keeps_immutable: bool = False
    """Whether no tag can be removed where all are immutable, by nobody."""
    untagged_days: int = 0
    """The least number of days after which what is untagged may go."""
    needs: tuple[str, ...] = ()
    """The keys of `takes` without which nothing can be made: only people know what they must say."""
    login: bool = False
    """Whether who makes them needs a login of the registry's own: there is no cloud's identity."""
    token_alone: bool = False
    """Whether that login may be a token without a user."""
    makes_logins: bool = False
    """Whether pull credentials can be made with them (`type: made`)."""
    shared_name: SharedName | None = None
    """Where all images share one repository that the path begins with, or else `repository_key` names."""
    key: KeyForm | None = None
    tags: CloudTags | None = None
    needs_path: bool = False
    """Whether rights are given for what is below the registry's path, so that there must be one."""

    def is_taken(self, key: str) -> bool:
        """Whether the provisioner goes by this key below `repositories`."""
        return key in self.takes or (key == "login" and self.login)

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """The table `made` of a kind; a key that no field has is a TypeError."""
        known: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
        }
        for name, form in (("key", KeyForm), ("tags", CloudTags), ("shared_name", SharedName)):
            if name in known:
                known[name] = form(**known[name] | {"pattern": re.compile(known[name]["pattern"])})
        return cls(**known)
