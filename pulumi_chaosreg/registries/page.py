"""The tables of kinds in docs/registries.md, made of what the program itself goes by."""

from collections.abc import Callable, Iterable

from pulumi_chaosreg.registries.kinds import RegistryKind, all_kinds

_Column = Callable[[RegistryKind], str]


def tables_of_kinds() -> str:
    """Both tables in Markdown, a row for each kind: how one is recognised and opened, and what is done with it."""
    return f"{_table(_RECOGNISED)}\n{_table(_DONE)}"


def _table(columns: dict[str, _Column]) -> str:
    rows = [("kind", *columns), ("---",) * (len(columns) + 1)]
    rows += [(f"{kind.title} (`{kind.name}`)", *(of(kind) for of in columns.values())) for kind in all_kinds().values()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _hosts(kind: RegistryKind) -> str:
    hosts = [shown for form in kind.hosts for shown in form.shown.split(", ")]
    return _code([*hosts, *kind.aliases, *([f"kind: {kind.name}"] if kind.sayable else [])])


def _path(kind: RegistryKind) -> str:
    paths = dict.fromkeys("/".join(form.path or kind.path) for form in kind.hosts) or {"/".join(kind.path): None}
    return _code(filter(None, paths))


def _made(kind: RegistryKind) -> str:
    if not kind.provisions:
        return "nothing: a push does" if kind.left_alone else "–"
    text = "a repository for each image" if kind.each_image else "one repository"
    text = "rights for one path" if kind.made.needs_path else text
    return f"{text}, pull credentials" if kind.made.makes_logins else text


def _push(kind: RegistryKind) -> str:
    return f"a login, or this machine's identity (extra `{kind.cloud}`)" if kind.cloud else "a login"


def _immutable(kind: RegistryKind) -> str:
    text = _taken("immutable_tags")(kind)
    moving = kind.made.moving_tags
    return text if text == "–" or moving is None else f"{text}, {moving or 'no'} exceptions"


def _taken(key: str) -> _Column:
    return lambda kind: _code([key] if key in kind.made.takes else [])


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "–"


_RECOGNISED: dict[str, _Column] = {
    "recognised by": _hosts,
    "`account` begins with": _path,
    "authentication types": lambda kind: _code([*kind.authentication, "kubernetes_secret"]),
}
_DONE: dict[str, _Column] = {
    "made by `up`": _made,
    "pull credentials arrive by": lambda kind: _code(kind.deliveries),
    "pushed to with": _push,
    "tags stay": _immutable,
    "untagged images go": _taken("expire_untagged_after_days"),
    "scan": _taken("scan_on_push"),
    "fills itself by": lambda kind: kind.pull_through or "–",
    "node identity on": lambda kind: _code(kind.node_identity_on),
}


if __name__ == "__main__":
    print(tables_of_kinds(), end="")
