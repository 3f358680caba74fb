"""Checks a scope's section against the table of settings, and puts it into our spelling."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pulumi_chaosreg.errors import Cause, Finding, Keys, Place, Severity
from pulumi_chaosreg.settings.kinds import Flag, Grammar, Kind, Named, Number, Table, Tables, Text, TextMap, Texts
from pulumi_chaosreg.settings.near_misses import abbreviated, did_you_mean, near_misses
from pulumi_chaosreg.settings.neighbours import Around, elsewhere
from pulumi_chaosreg.settings.table import SETTINGS
from pulumi_chaosreg.settings.yaml_file import snake_case

ALIASES = {"registry": "image_registry"}
"""Other spellings on Harness's own documentation page."""


class Checked(NamedTuple):
    """A section after its check."""

    settings: dict[str, Any]
    """In our spelling, without what is wrong, so that one run can go on to find everything else."""
    findings: list[Finding]
    left_out: frozenset[Keys]
    """The paths of what is wrong, and of what misspelt keys probably mean."""


def check_settings(value: Any, place: Place) -> Checked:
    """The section, and what is wrong with it (CHR0103 to CHR0108, CHR0112, CHR0113, CHR0301, CHR0501)."""
    check = _Check(place)
    if isinstance(value, dict):
        value = _page_spelling(check.spelled(value, (*SETTINGS.fields, *ALIASES, "authentication"), ()), check)
    settings = check.table(SETTINGS, value, ())
    return Checked(settings if isinstance(settings, dict) else {}, check.findings, frozenset(check.left_out))


def _page_spelling(section: dict[str, Any], check: "_Check") -> dict[str, Any]:
    for alias, name in ALIASES.items():
        if alias in section and name in section:
            check.twice(alias, name, ())
    renamed = {ALIASES.get(key, key): value for key, value in section.items()}
    if "authentication" in renamed:  # the page writes it beside the registry that it belongs to
        authentication, registry = renamed.pop("authentication"), renamed.setdefault("image_registry", {})
        registry = {"name": registry} if isinstance(registry, str) else registry
        if isinstance(registry, dict) and "authentication" in registry:
            check.twice("authentication", "image_registry.authentication", ())
        elif isinstance(registry, dict):
            renamed["image_registry"] = {**registry, "authentication": authentication}
    return renamed


def check_table(kind: Table, value: Any, place: Place) -> tuple[dict[str, Any], list[Finding]]:
    """Any other mapping of ours, checked like a section."""
    check = _Check(place)
    checked = check.table(kind, value, ())
    return checked if isinstance(checked, dict) else {}, check.findings


@dataclass(slots=True)
class _Check:
    """One section under check; `keys` in its methods lead from the section to the value."""

    place: Place
    findings: list[Finding] = field(default_factory=list)
    left_out: list[Keys] = field(default_factory=list)
    around: list[Around] = field(default_factory=list)
    """The tables that the value stands in, outermost first."""

    def value(self, kind: Kind, value: Any, keys: Keys) -> Any:
        if isinstance(value, dict) and "secure" in value and not isinstance(kind, Table | TextMap | Named):
            return self.secure(keys)
        match kind:
            case Text():
                return self.text(kind, value, keys)
            case Table():
                return self.table(kind, value, keys)
            case TextMap():
                return self.text_map(kind, value, keys)
            case Texts():
                return self.texts(kind, value, keys)
            case Tables():
                return self.tables(kind, value, keys)
            case Named():
                return self.named(kind, value, keys)
            case Flag():
                return value if isinstance(value, bool) else self.wrong_type("true or false", value, keys)
            case Number():
                whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
                return value if whole else self.wrong_type("a whole number", value, keys)

    def text(self, kind: Text, value: Any, keys: Keys) -> str | None:
        if not isinstance(value, str) or not (value or kind.or_empty):
            self.wrong_type("a string", value, keys, kind.grammar)
        elif kind.grammar and (problem := kind.grammar.problem(value)) is not None:
            message = f"`{_dotted(keys)}` is not {kind.grammar.what}{f': {problem}' if problem else ''}"
            advice, hides = kind.grammar.advise(value) or kind.grammar.advice, kind.grammar.hides_value
            self.report(kind.grammar.code, message, keys, advice, hides_value=hides)
        elif kind.choices and value not in kind.choices:
            word, choices = (
                snake_case(value).replace("-", "_").lower(),
                kind.choices_among([one.said for one in self.around]) or kind.choices,
            )
            said = kind.other_words.get(word)
            meant = f"did you mean `{said}`? " if said in choices else did_you_mean(word, choices, 0.6)
            valid = f"{meant}valid values: {', '.join(_nearest_first(word, choices))}"
            self.report("CHR0107", f"`{_dotted(keys)}` has an unknown value", keys, valid)
        else:
            return kind.grammar.canonical(value) if kind.grammar else value
        return None

    def texts(self, kind: Texts, value: Any, keys: Keys) -> list[str] | str | None:
        if isinstance(value, str) and value in kind.or_text:
            return value
        if isinstance(value, str) and kind.or_one:
            value = [value]
        if not isinstance(value, list):
            self.wrong_type("a list of strings", value, keys)
            return None
        if kind.most is not None and len(value) > kind.most:
            message = f"`{_dotted(keys)}` must be a list of at most {kind.most}, but has {len(value)}"
            self.report("CHR0106", message, keys, "keep the oldest, and those that some state may still have")
            return None
        if len(value) < kind.least:
            self.too_few(kind.least, keys)
            return None
        one = Text(kind.doc, kind.choices, kind.grammar)
        checked = [self.value(one, item, (*keys, index)) for index, item in enumerate(value)]
        return [item for item in checked if item is not None]

    def text_map(self, kind: TextMap, value: Any, keys: Keys) -> dict[str, str] | None:
        if not isinstance(value, dict):
            self.wrong_type("a mapping", value, keys)
            return None
        if kind.keys:
            value = self.spelled(value, kind.keys, keys)
        one = Text(kind.doc, grammar=kind.grammar, or_empty=kind.or_empty)
        checked: dict[str, str] = {}
        for key, item in value.items():
            if key == "secure":
                self.secure((*keys, key))
            elif kind.keys and key not in kind.keys:
                self.unknown_key(key, kind.keys, keys)
            elif kind.key_grammar and kind.key_grammar.problem(key) is not None:
                self.malformed_key(kind.key_grammar, keys)
            elif (text := self.value(one, item, (*keys, key))) is not None:
                checked[key] = text
        return checked

    def table(self, kind: Table, value: Any, keys: Keys) -> dict[str, Any] | bool | None:
        if (kind.or_flag and isinstance(value, bool)) or (kind.or_off and (value is False or value == "off")):
            return value is True
        if kind.short and isinstance(value, str):
            value = {kind.short: value}
        if not isinstance(value, dict):
            also = "true, false or " if kind.or_flag else "`off` or " if kind.or_off else ""
            self.wrong_type(f"{also}a mapping", value, keys)
            return None
        if len(value) < kind.least:
            message = f"`{_dotted(keys)}` is an empty mapping"
            self.report("CHR0106", message, keys, f"give at least one of: {', '.join(kind.fields)}")
            return None
        spelled = self.spelled(value, tuple(kind.fields), keys)
        self.around.append(Around(kind, keys, spelled))
        checked = self.fields(kind, spelled, keys)
        self.around.pop()
        return checked

    def fields(self, kind: Table, spelled: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
        checked: dict[str, Any] = {}
        for key, item in spelled.items():
            if key == "secure":
                self.secure((*keys, key))
            elif key not in kind.fields:
                self.unknown_key(key, tuple(kind.fields), keys, kind)
            elif (result := self.value(kind.fields[key], item, (*keys, key))) is not None:
                checked[key] = result
        return checked

    def tables(self, kind: Tables, value: Any, keys: Keys) -> list[dict[str, Any]] | None:
        if kind.or_one and isinstance(value, dict):
            one = self.table(kind.one, value, keys)
            return [one] if isinstance(one, dict) else None
        if not isinstance(value, list):
            self.wrong_type(f"{'a mapping or ' if kind.or_one else ''}a list of mappings", value, keys)
            return None
        if len(value) < kind.least:
            self.too_few(kind.least, keys)
            return None
        checked = [self.table(kind.one, item, (*keys, index)) for index, item in enumerate(value)]
        return [item for item in checked if isinstance(item, dict)]

    def named(self, kind: Named, value: Any, keys: Keys) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            self.wrong_type("a mapping of names to mappings", value, keys)
            return None
        if value and not value.keys() - kind.one.fields.keys():
            message = f"`{_dotted(keys)}` has settings but no name above them"
            self.report("CHR0106", message, keys, f"write them below a name: `{keys[-1]}: {{name: {{…}}}}`")
            return None
        checked: dict[str, Any] = {}
        for name, item in value.items():
            if name == "secure":
                self.secure((*keys, name))
            elif kind.grammar.problem(name) is not None:
                self.malformed_key(kind.grammar, keys)
            elif (one := self.table(kind.one, item, (*keys, name))) is not None:
                checked[name] = one
        return checked

    def spelled(self, section: Mapping[str, Any], valid: tuple[str, ...], keys: Keys) -> dict[str, Any]:
        """The mapping with camelCase keys in our spelling, each of them reported."""
        result: dict[str, Any] = {}
        for key, item in section.items():
            ours = key if key in valid else snake_case(key)
            if ours == key or ours not in valid:
                result[key] = item
            elif ours in section:
                self.twice(key, ours, keys)
            else:
                message = f"`{key}` is read as `{ours}`: keys are written in snake_case"
                self.report("CHR0113", message, (*keys, key), f"write `{ours}`", warning=True)
                result[ours] = item
        return result

    def twice(self, one: str, other: str, keys: Keys) -> None:
        message = f"`{one}` and `{other}` are two spellings of one setting"
        self.report("CHR0103", message, (*keys, one), "keep one of the two", cause=Cause.UNREADABLE)

    def too_few(self, least: int, keys: Keys) -> None:
        message = f"`{_dotted(keys)}` must be a list of at least {least}, but is empty"
        self.report("CHR0106", message, keys, "give at least one, or remove it")

    def secure(self, keys: Keys) -> None:
        self.report(
            "CHR0108",
            "`secure:` is not allowed inside a section: stacks below could not decrypt it",
            keys,
            "move it to `chaosreg-credentials:NAME` and name it here by NAME",
        )

    def wrong_type(self, wanted: str, value: Any, keys: Keys, grammar: Grammar | None = None) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        hides = grammar is not None and grammar.hides_value  # "write it in quotes" would make a name of a password
        if is_number and wanted == "a string":
            lost = grammar.lost_in_number if grammar else ""
            message = f"`{_dotted(keys)}` is a number, {lost or 'but must be a string'}"
            code, advice = "CHR0105", "write it in quotes" + (', as in `release: "1.94.4"`' if lost else "")
        else:
            message = f"`{_dotted(keys)}` must be {wanted}, but is {type_name(value)}"
            code, advice = "CHR0106", f"write {wanted}"
        self.report(code, message, keys, grammar.advice if grammar and hides else advice, hides_value=hides)

    def unknown_key(self, key: str, valid: tuple[str, ...], keys: Keys, kind: Table | None = None) -> None:
        message = f"unknown key `{key}`"
        if kind and kind.values and snake_case(key) in kind.values:  # what is near by spelling takes a name
            self.left_out += [(*keys, name) for name in kind.values_go_to]
            self.report("CHR0104", message, (*keys, key), kind.advice_for_values, hides_value=True)
            return
        if there := elsewhere(key, keys, self.around):
            self.left_out.append(there.keys)
            self.report("CHR0104", message, (*keys, key), there.advice, hides_value=True)
            return
        short = abbreviated(snake_case(key), valid)
        near = near_misses(snake_case(key), valid, most=3, cutoff=0.6) or short
        self.left_out += [(*keys, name) for name in near]
        meant = f"did you mean `{near[0]}`? " if near else ""
        advice = f"{meant}valid keys: {', '.join(_nearest_first(key, valid))}"
        self.report("CHR0104", message, (*keys, key), advice, hides_value=True)

    def malformed_key(self, grammar: Grammar, keys: Keys) -> None:
        """Named by what is around it: what stands in the place of a name may be a secret."""
        message = f"a key of `{_dotted(keys)}` is not {grammar.what}"
        self.report(grammar.code, message, keys, grammar.advice, hides_value=grammar.hides_value)

    def report(
        self,
        code: str,
        message: str,
        keys: Keys,
        advice: str,
        *,
        warning: bool = False,
        hides_value: bool = False,
        cause: Cause | None = None,
    ) -> None:
        place = Place(self.place.scope, self.place.file, (*self.place.keys, *keys), self.place.line)
        if not warning:
            self.left_out.append(keys)
        severity: Severity = "warning" if warning else "error"
        self.findings.append(
            Finding(code, message, place, help=advice, severity=severity, cause=cause, hides_value=hides_value)
        )


def type_name(value: Any) -> str:
    """What a YAML value is, as a message says it; empty text counts as empty."""
    names = {
        dict: "a mapping",
        list: "a list",
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a string",
    }
    return "empty" if value is None or value == "" else names.get(type(value), "something else")


def _nearest_first(word: str, valid: tuple[str, ...]) -> list[str]:
    near = near_misses(word, valid, most=len(valid), cutoff=0.6)
    return [*near, *(name for name in valid if name not in near)]


def _dotted(keys: Keys) -> str:
    """The key path within the section, as people write it."""
    return ".".join(map(str, keys)) or "the section"
