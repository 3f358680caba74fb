"""The table of kinds in docs/registries.md, made of what the program itself goes by."""

from collections.abc import Iterable

from pulumi_chaosreg.registries.kinds import RegistryKind, all_kinds

_HEAD = ("kind", "recognised by", "`account` begins with", "authentication types", "node identity on", "made by `up`")


def table_of_kinds() -> str:
    """The table in Markdown, a row for each kind."""
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_row, all_kinds().values())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(kind: RegistryKind) -> tuple[str, ...]:
    hosts = [shown for form in kind.hosts for shown in form.shown.split(", ")]
    by_word = [f"kind: {kind.name}"] if kind.sayable else []
    paths = dict.fromkeys("/".join(form.path or kind.path) for form in kind.hosts) or {"/".join(kind.path): None}
    return (
        f"{kind.title} (`{kind.name}`)",
        _code([*hosts, *kind.aliases, *by_word]),
        _code(filter(None, paths)),
        _code([*kind.authentication, "kubernetes_secret"]),
        _code(kind.node_identity_on),
        "repositories" if kind.provisions else "nothing yet",
    )


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "–"


if __name__ == "__main__":
    print(table_of_kinds(), end="")
