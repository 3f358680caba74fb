"""The stack files of a project: which files there are, and which sections each one holds.

Everything here is what is written; who inherits from whom is `tree.py`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.settings.checking import type_name
from pulumi_chaosreg.settings.yaml_file import read_yaml
from pulumi_chaosreg.stacks.nowhere import nothing_in, said_nowhere
from pulumi_chaosreg.stacks.project_file import ProjectFile
from pulumi_chaosreg.stacks.sections import (
    CREDENTIALS,
    NAMESPACE,
    SECTIONS,
    full_keys,
    is_of_ours,
    meant_prefix,
    section_of,
    stands_in_plain_text,
)

ENGINE_LIMIT = 128 * 1024
"""Bytes of configuration beyond which the engine cannot start a program: one environment variable holds all of it."""
_WARN_FROM = 96 * 1024


@dataclass(frozen=True, slots=True)
class StackFile:
    """One `Pulumi.<stack>.yaml` that has something to say to us."""

    stack: str
    path: Path
    sections: Mapping[str, Any]
    """`account`, `organization`, … as given."""
    credentials: frozenset[str] = frozenset()
    """The NAMEs under `chaosreg-credentials:`; never their values."""
    elsewhere: Mapping[str, Place] = field(default_factory=dict)
    """Sections, and `chaosreg-credentials:NAME`, that do not stand in this file: from Pulumi.yaml, or from the engine
    (`-c`, ESC) and without a line.
    """
    environments: tuple[str, ...] = ()
    """The ESC environments that may add to it, which only the engine can see."""

    def place(self, section: str, *keys: str | int) -> Place:
        """Where a section, or a key in it, stands."""
        base = self.elsewhere.get(section) or Place(file=self.path, keys=("config", f"{NAMESPACE}:{section}"))
        return replace(base, keys=(*base.keys, *keys))

    def credential_place(self, name: str) -> Place:
        """Where the value of this NAME stands."""
        key = f"{CREDENTIALS}:{name}"
        return self.elsewhere.get(key) or Place(file=self.path, keys=("config", key))

    @property
    def from_engine(self) -> frozenset[str]:
        """The sections whose value only the engine knows."""
        return frozenset(section for section, place in self.elsewhere.items() if place.file is None)


class StackFolder:
    """The stack files of a project, each read when it is first asked for. What is wrong goes to `findings`."""

    def __init__(self, project: Path, findings: list[Finding]) -> None:
        own = ProjectFile.read(project)
        self.folder, self.project_name, self.findings = own.stacks, own.name, findings
        self.paths = {
            path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path
            for path in sorted(self.folder.glob("Pulumi.*.yaml"))
        }
        self._of_project = own.sections(findings)
        self.spoilt = _unread(self.folder, set(self.paths), findings)
        """Stacks whose file cannot be read, or has a section that is none: what it holds is not known."""
        self._engine: dict[str, Mapping[str, str]] = {}
        self._read: dict[str, StackFile | None] = {}

    @property
    def gives_all_stacks_a_section(self) -> bool:
        """Whether Pulumi.yaml's `config:` has sections, so that no file's text tells all that its stack holds."""
        return any(name in SECTIONS for name in self._of_project)

    def add_engine_values(self, stack: str, config: Mapping[str, str]) -> None:
        """What the engine gave the stack that is running counts like its own file; before that file is read."""
        self._engine[stack] = config
        self.paths.setdefault(stack, self.folder / f"Pulumi.{stack}.yaml")

    def read(self, stack: str) -> StackFile | None:
        """The stack's file; None where there is none or it has no section of ours."""
        if stack not in self._read:
            self._read[stack] = self._parse(stack) if stack in self.paths else None
        return self._read[stack]

    def without_sections(self, stack: str) -> Finding | None:
        """CHR0207 in a parent's file that has nothing of ours, at a key that may be meant for it; None where there is
        no such file.
        """
        path = self.paths.get(stack)
        if path is None or not path.exists():
            return None
        meant = self.meant_for_sections(stack)
        place = Place(file=path, keys=("config", meant[0])) if meant else Place(file=path, line=1)
        name = meant[0].rpartition(":")[2] if meant else "account"
        also = "" if meant else ", or the level that it holds,"
        return Finding(
            "CHR0207",
            f"parent stack `{stack}` has no chaosreg section in its file",
            place,
            help=f"write `{NAMESPACE}:{name}`{also} below `config:`",
            hides_value=True,
        )

    def meant_for_sections(self, stack: str) -> list[str]:
        """The keys of the stack's `config:` that have the name of a section, and not our prefix."""
        path = self.paths[stack]
        content = read_yaml(path) if path.exists() else None  # was read before without an error
        config = content.get("config") if isinstance(content, dict) else None
        given = full_keys(config, self.project_name, path, []) if isinstance(config, dict) else {}
        meant = {key for key, value in given.items() if key.rpartition(":")[2] in SECTIONS and isinstance(value, dict)}
        return [key for key in config or () if (key if ":" in key else f"{self.project_name}:{key}") in meant]

    def all(self) -> dict[str, StackFile]:
        """Every stack file with one of our sections, by name."""
        files = ((stack, self.read(stack)) for stack in sorted(self.paths))
        return {stack: file for stack, file in files if file}

    def known(self) -> dict[str, StackFile]:
        """Those that were read so far."""
        return {stack: file for stack, file in sorted(self._read.items()) if file}

    def _parse(self, stack: str) -> StackFile | None:
        path = self.paths[stack]
        content: Any = None
        if path.exists() or stack not in self._engine:
            try:
                content = read_yaml(path, is_of_ours(self.project_name))
            except ChaosregError as error:
                self.findings += error.findings
                self.spoilt.add(stack)
                return None
        if lost := said_nowhere(content, path):
            self.findings += lost
            self.spoilt.add(stack)
        config = content.get("config") if isinstance(content, dict) else None
        config = config if isinstance(config, dict) else {}
        file = self._stack_file(stack, path, full_keys(config, self.project_name, path, self.findings))
        environment = content.get("environment") if isinstance(content, dict) else None
        if environment:
            names = environment if isinstance(environment, list) else [environment]
            file = replace(file, environments=tuple(map(str, names)))
        if stack in self._engine:
            dropped = {name for name in self._of_project if name in SECTIONS and name not in file.sections}
            given = {key: text for key, text in self._engine[stack].items() if key.partition(":")[2] not in dropped}
            file = _with_engine_values(file, given)
        if content is None and path.exists() and not file.sections:
            self.findings.append(nothing_in(path))
            self.spoilt.add(stack)
        return file if file.sections else None

    def _stack_file(self, stack: str, path: Path, config: Mapping[str, Any]) -> StackFile:
        sections: dict[str, Any] = {}
        credentials: set[str] = set()
        for key, value in config.items():
            namespace, _, name = key.partition(":")
            if namespace == CREDENTIALS:
                credentials.add(name)
                self._check_credential(stack, key, value, path)
            elif section := section_of(key, config, path, self.findings, self.project_name):
                # `-c chaosreg:account='{…}'` and `pulumi config set` write JSON as a string into the file
                sections[section] = _parsed(value) if isinstance(value, str) and value.startswith("{") else value
            elif namespace == NAMESPACE or meant_prefix(key, self.project_name):
                self.spoilt.add(stack)
        self._check_size(path, config)
        of_project = {key: given for key, given in self._of_project.items() if key.startswith(f"{CREDENTIALS}:")}
        elsewhere = {key: place for key, (_, place) in of_project.items() if key not in config}
        credentials |= {key.partition(":")[2] for key in of_project}
        missing = {name: given for name, given in self._of_project.items() if name in SECTIONS and name not in sections}
        if "account" in sections:  # said for all others
            missing.pop("parent_stack", None)
        sections |= {name: value for name, (value, _) in missing.items()}
        elsewhere |= {name: place for name, (_, place) in missing.items()}
        return StackFile(stack, path, sections, frozenset(credentials), elsewhere)

    def _check_credential(self, stack: str, key: str, value: Any, path: Path) -> None:
        if not stands_in_plain_text(value):
            return
        self.findings.append(
            Finding(
                "CHR0512",
                f"`{key}` is in plain text",
                Place(file=path, keys=("config", key)),
                help=f"change the password, then run `pulumi config set --stack {stack} --secret {key}`",
                severity="warning",
            )
        )

    def _check_size(self, path: Path, config: Mapping[str, Any]) -> None:
        of_project = {n if ":" in n else f"{NAMESPACE}:{n}": value for n, (value, _) in self._of_project.items()}
        size = configuration_size({**of_project, **config})
        if size < _WARN_FROM:
            return
        limit = f"the engine cannot start a program with {ENGINE_LIMIT // 1024} KiB"
        self.findings.append(
            Finding(
                "CHR0115",
                f"the configuration in this file is {size // 1024} KiB, and {limit}",
                Place(file=path, keys=("config",)),
                help='move infrastructures to files of their own: `chaosreg:infrastructures: {files: "prod/*.yaml"}`',
                severity="warning" if size < ENGINE_LIMIT else "error",
            )
        )


def _unread(folder: Path, there: set[str], findings: list[Finding]) -> set[str]:
    """The stacks whose file has another ending than Pulumi.yaml: nobody reads it, nor such a catalogue or lockfile
    (CHR0124).
    """
    names = set()
    others = sorted(path for name in ("Pulumi.*.yml", "Pulumi.*.json", "chaosreg.*.yml") for path in folder.glob(name))
    for path in (other for other in others if other.is_file() and _is_meant_for_us(other)):
        name, right = path.stem.removeprefix("Pulumi."), path.with_suffix(".yaml").name
        names.add(name)
        message = f"{path.name} is ignored: these files end in `.yaml`, as Pulumi.yaml does"
        advice = f"{right} also exists: keep one" if name in there else f"rename it to {right}"
        findings.append(Finding("CHR0124", message, Place(file=path, line=1), help=advice))
    return names


def _is_meant_for_us(path: Path) -> bool:
    return path.name.startswith(f"{NAMESPACE}.") or NAMESPACE.encode() in path.read_bytes()


def configuration_size(config: Mapping[str, Any]) -> int:
    """Bytes of the environment variable in which the engine hands this configuration to a program: JSON without
    blanks, in which every value is a string, structured ones as JSON again.
    """
    texts = {key: value if isinstance(value, str) else _compact(value) for key, value in config.items()}
    return len("PULUMI_CONFIG=") + len(_compact(texts).encode("utf-8", "surrogatepass"))


def _compact(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    return text.translate({ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&"})  # as Go writes JSON


def infrastructures_of(file: StackFile, findings: list[Finding]) -> Iterator[tuple[str, Any, Place]]:
    """(id, section, place) of each infrastructure in this file and in the files that it names."""
    section = file.sections.get("infrastructures", {})
    if not isinstance(section, dict):
        findings.append(
            Finding(
                "CHR0106",
                f"`chaosreg:infrastructures` must be a mapping of id to settings, but is {type_name(section)}",
                file.place("infrastructures"),
                help="write `prod-eu: {cluster: {context: prod-eu}}` below it",
            )
        )
        return
    for name, settings in section.items():
        if name != "files":
            yield name, settings, file.place("infrastructures", name)
    patterns = section.get("files", [])
    for pattern in patterns if isinstance(patterns, list) else [patterns]:
        yield from _from_files(file, pattern, findings)


def _from_files(file: StackFile, pattern: Any, findings: list[Finding]) -> Iterator[tuple[str, Any, Place]]:
    place = file.place("infrastructures", "files")
    folder = file.path.parent
    try:
        if not isinstance(pattern, str) or Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise ValueError
        # a wide pattern also finds the stack files themselves
        paths = [path for path in sorted(folder.glob(pattern)) if not path.name.startswith(("Pulumi.", "chaosreg."))]
        paths = [path for path in paths if not path.is_dir()]
    except ValueError:  # also from glob itself
        message = "`files` is not a pattern of files below the stack file's folder"
        findings.append(Finding("CHR0116", message, place, help='write it as in `"prod/*.yaml"`'))
        return
    if not paths:
        advice = f"the pattern is looked up in {folder.name}/"
        findings.append(Finding("CHR0116", f"`{pattern}` matches no file", place, help=advice))
    for path in paths:
        try:
            content = read_yaml(path)
        except ChaosregError as error:
            findings += error.findings
            continue
        if content is not None and not isinstance(content, dict):
            message = f"a file of infrastructures must be a mapping of id to settings, but is {type_name(content)}"
            findings.append(Finding("CHR0106", message, Place(file=path, line=1), help="write `prod-eu: {…}` in it"))
            continue
        for name, settings in (content or {}).items():
            inner = settings if name == "config" and isinstance(settings, dict) else {}
            if any(key.startswith(f"{NAMESPACE}:") for key in (name, *inner)):
                message = f"a file of infrastructures begins with their ids, without `{name}` above them"
                advice = "write `prod-eu: {…}` at the left margin"
                findings.append(Finding("CHR0106", message, Place(file=path, keys=(name,)), help=advice))
                continue
            yield name, settings, Place(file=path, keys=(name,))


def _with_engine_values(file: StackFile, config: Mapping[str, str]) -> StackFile:
    """The file, with the sections that the engine gives another value (`-c`, ESC).

    `config` is full key → text, as the engine hands it over: strings as they are, everything else as JSON.
    """
    sections, elsewhere = dict(file.sections), dict(file.elsewhere)
    for key, text in config.items():
        namespace, _, name = key.partition(":")
        if namespace == NAMESPACE and name in SECTIONS and not _same(sections.get(name), text):
            sections[name] = _parsed(text)
            elsewhere[name] = Place(keys=(key,))
    return replace(file, sections=sections, elsewhere=elsewhere)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        return text


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """ValueError for a key that is given twice: other readers take the last one."""
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


def _same(written: Any, text: str) -> bool:
    """Whether the engine's text is the file's value; both sides read as JSON, so that numbers compare as numbers."""
    return bool(written == text or json.loads(json.dumps(written, default=str)) == _parsed(text))
