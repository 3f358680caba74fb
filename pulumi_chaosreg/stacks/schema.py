"""The JSON Schema of stack files, made from the table of settings, so that editors complete and check them.

Spellings that the program only warns about are not in it. What one value alone cannot tell (who may override whom,
which stack is whose parent) is left to `chaosreg validate`.
"""

import re
from typing import Any

from pulumi_chaosreg.settings.checking import ALIASES
from pulumi_chaosreg.settings.grammars import ID
from pulumi_chaosreg.settings.kinds import Flag, Grammar, Kind, Named, Number, Table, Tables, Text, TextMap, Texts
from pulumi_chaosreg.settings.table import AUTHENTICATION, SETTINGS
from pulumi_chaosreg.stacks.sections import CREDENTIALS, NAMESPACE, SECTIONS

Schema = dict[str, Any]
"""A JSON Schema: what its values may be depends on the keyword."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = Grammar("CHR0201", "an id", ID, "ids are made of a-z, 0-9 and `-`, up to 63")
_KEY = Grammar(
    "CHR0110",
    "a section",
    re.compile(rf"^(?!{NAMESPACE}:)|^{NAMESPACE}:(?:{'|'.join(SECTIONS)})\Z"),
    f"sections: {', '.join(f'{NAMESPACE}:{section}' for section in SECTIONS)}",
)
_FILES = Texts(
    "files that hold more of them, as patterns in the stack file's folder",
    grammar=Grammar(
        "CHR0116",
        "a pattern of files beside the stack file",
        re.compile(r"^(?!/)(?!(?:.*/)?\.\.(?:/|$)).+\Z"),
        'write a pattern below the stack file\'s folder, as in `"prod/*.yaml"`',
    ),
    or_one=True,
)


def stack_file_schema() -> Schema:
    """What `Pulumi.<stack>.yaml` may say under our keys; everything else in it is left alone."""
    return {
        "$schema": _DIALECT,
        "title": "A stack file of pulumi-chaosreg",
        "type": ["object", "null"],
        "properties": {"config": _config()},
        "$defs": _definitions(),
    }


def infrastructures_file_schema() -> Schema:
    """What the files may say that a stack file names with `chaosreg:infrastructures: {files: …}`."""
    return {
        "$schema": _DIALECT,
        "title": "A file of infrastructures of pulumi-chaosreg",
        "$ref": "#/$defs/infrastructures",
        "$defs": _definitions(),
    }


def _config() -> Schema:
    below = {
        "infrastructures": _infrastructures_of_a_stack(),
        "parent_stack": _described("the stack whose file holds the level above", _text()),
    }
    return {
        "type": ["object", "null"],
        "properties": {f"{NAMESPACE}:{name}": below.get(name) or _level(name) for name in SECTIONS},
        "propertyNames": _text(_KEY),
        "patternProperties": {
            f"^{CREDENTIALS}:": _described(
                "a password, an object with `username`, `password` and perhaps `previous`, or a docker config",
                {"type": ["string", "object"]},
            ),
        },
    }


def _definitions() -> Schema:
    return {
        "section": _section(),
        "infrastructure": {"anyOf": [{"$ref": "#/$defs/section"}, {"type": "null"}]},
        "infrastructures": _described(
            "id → settings",
            {
                "type": ["object", "null"],
                "propertyNames": _text(_ID),
                "additionalProperties": {"$ref": "#/$defs/infrastructure"},
            },
        ),
    }


def _section() -> Schema:
    """The table, with the documentation page's other spellings of it."""
    section = _shape(SETTINGS)
    own = "#/$defs/section/properties"
    section["properties"] |= {
        **{alias: {"$ref": f"{own}/{name}"} for alias, name in ALIASES.items()},
        "authentication": _value(AUTHENTICATION),
    }
    section["allOf"] = [{"not": {"required": [alias, name]}} for alias, name in ALIASES.items()]
    return _described(SETTINGS.doc, section)


def _level(name: str) -> Schema:
    # `allOf`, because editors that resolve `$ref` by copying do not see the keywords beside it
    named = {"required": ["id"], "properties": {"id": _described(SETTINGS.fields["id"].doc, _text(_ID))}}
    return _described(f"the {name} and its settings", {"allOf": [{"$ref": "#/$defs/section"}, named]})


def _infrastructures_of_a_stack() -> Schema:
    return _described(
        "the infrastructures: id → settings",
        {
            "type": "object",
            "properties": {"files": _value(_FILES)},
            "propertyNames": _text(_ID),
            "additionalProperties": {"$ref": "#/$defs/infrastructure"},
        },
    )


def _described(doc: str, schema: Schema) -> Schema:
    return {"description": doc, **schema}


def _value(kind: Kind) -> Schema:
    return _described(kind.doc, _shape(kind))


def _shape(kind: Kind) -> Schema:
    match kind:
        case Text():
            return _text(kind.grammar, kind.choices, least=0 if kind.or_empty else 1)
        case Flag():
            return {"type": "boolean"}
        case Number():
            return {"type": "integer", "minimum": 0}
        case Texts():
            return _texts(kind)
        case TextMap(keys=()):
            names: Schema = {"not": {"const": "secure"}}  # an encrypted value, which may not stand in a section
            names = {"allOf": [names, _text(kind.key_grammar)]} if kind.key_grammar else names
            values = _text(kind.grammar, least=0 if kind.or_empty else 1)
            return {"type": "object", "propertyNames": names, "additionalProperties": values}
        case Named():
            return {"type": "object", "propertyNames": _text(kind.grammar), "additionalProperties": _value(kind.one)}
        case TextMap():
            return _closed({key: _text(kind.grammar) for key in kind.keys})
        case Tables():
            many = {"type": "array", "items": _value(kind.one), **({"minItems": kind.least} if kind.least else {})}
            return {"anyOf": [many, _shape(kind.one)]} if kind.or_one else many
        case Table():
            return _table(kind)


def _table(kind: Table) -> Schema:
    table = _closed({key: _value(field) for key, field in kind.fields.items()})
    table |= {"minProperties": kind.least} if kind.least else {}
    forms: list[Schema] = [_shape(kind.fields[kind.short])] if kind.short else []
    forms += [{"type": "boolean"}] if kind.or_flag else []
    forms += [{"enum": ["off", False]}] if kind.or_off else []
    return {"anyOf": [*forms, table]} if forms else table


def _text(grammar: Grammar | None = None, choices: tuple[str, ...] = (), least: int = 1) -> Schema:
    schema: Schema = {"type": "string", **({"enum": list(choices)} if choices else {"minLength": least})}
    if grammar:
        schema["pattern"] = _ecma(grammar.pattern)
        schema["patternErrorMessage"] = f"not {grammar.what}: {grammar.advice}"  # an extension of VS Code's
    return schema


def _texts(kind: Texts) -> Schema:
    one = _text(kind.grammar, kind.choices)
    bounds = {"maxItems": kind.most} if kind.most is not None else {}
    bounds |= {"minItems": kind.least} if kind.least else {}
    forms: list[Schema] = [{"type": "array", "items": one, **bounds}]
    if kind.or_text:
        forms.append(_text(choices=kind.or_text))
    if kind.or_one:
        forms.append(one)
    return {"anyOf": forms} if len(forms) > 1 else forms[0]


def _closed(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _ecma(pattern: re.Pattern[str]) -> str:
    r"""The same in JavaScript's notation, where `$` is the end of the text and there is no `\Z`."""
    return pattern.pattern.removesuffix(r"\Z") + "$"
