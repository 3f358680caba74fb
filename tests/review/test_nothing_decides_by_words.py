"""Codes and messages are for people: no branch of the package looks at them. Causes and properties are for code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import pulumi_chaosreg

PACKAGE = Path(pulumi_chaosreg.__file__).parent
CODE = re.compile(r"CHR\d{4}\Z")
WORDS = ("message", "help", "notes")
CUTTERS = {
    *("partition", "rpartition", "split", "rsplit", "startswith", "endswith", "find", "rfind", "index", "count"),
    *("replace", "removeprefix", "removesuffix", "match", "search", "fullmatch", "findall", "sub", "get"),
}
"""What takes a text apart, or looks something up."""


def branches(source: str) -> list[str]:
    """`line: what` for each place in which something is decided by a finding's code or words."""
    found = _walk(ast.parse(source), frozenset())
    return [f"{node.lineno}: {ast.unparse(node)[:100]}" for node in found]


def _walk(node: ast.AST, told: frozenset[str]) -> Iterator[ast.expr | ast.Match]:
    told |= _bound_to_words(node)
    if isinstance(node, ast.expr | ast.Match) and _decides(node, told):
        yield node
    for inner in ast.iter_child_nodes(node):
        yield from _walk(inner, told)


def _decides(node: ast.AST, told: frozenset[str]) -> bool:
    match node:
        case ast.Compare(comparators=[ast.Attribute(attr="SUPPRESS")]):
            return False  # argparse's mark of a hidden option, which is no word
        case ast.Compare():
            return any(_is_told(side, told) for side in (node.left, *node.comparators))
        case ast.Subscript():
            return isinstance(node.slice, ast.Attribute) and _is_code(node.slice)
        case ast.Dict():
            return any(key is not None and _is_code(key) for key in node.keys)
        case ast.Tuple() | ast.List() | ast.Set():
            return len(node.elts) > 0 and all(map(_is_code, node.elts))
        case ast.Match():
            patterns = [value for case in node.cases for value in ast.walk(case.pattern)]
            return _is_told(node.subject, told) or any(
                isinstance(one, ast.MatchValue) and _is_code(one.value) for one in patterns
            )
        case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in CUTTERS:
            return _is_told(value, told) or any(_is_told(one, told) for one in node.args)
    return False


def _is_told(node: ast.expr, told: frozenset[str]) -> bool:
    """Whether this is, or has in it, a code or words of a finding."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(_is_told(one, told) for one in node.elts)
    return (
        _is_code(node)
        or (isinstance(node, ast.Attribute) and node.attr in WORDS)
        or (isinstance(node, ast.Attribute) and node.attr == "text" and "cause" in ast.unparse(node.value))
        or (isinstance(node, ast.Name) and node.id in told)
        or (isinstance(node, ast.Call) and _is_text_of(node, told))
    )


def _is_code(node: ast.expr) -> bool:
    """A constant, or what a finding or an error carries; not a status or an exit code."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(CODE.match(node.value))
    return isinstance(node, ast.Attribute) and node.attr == "code"


def _is_text_of(call: ast.Call, told: frozenset[str]) -> bool:
    """`str(error)`, `repr(error)`."""
    named = isinstance(call.func, ast.Name) and call.func.id in ("str", "repr")
    return named and any(isinstance(one, ast.Name) and one.id in told for one in call.args)


def _bound_to_words(node: ast.AST) -> set[str]:
    """Names that stand, inside of this node, for a text of `.notes` or for what an `except` caught of ours."""
    match node:
        case ast.ExceptHandler(type=ast.expr() as kind, name=str(name)):
            return {name} if re.search("ChaosregError|RegistryError", ast.unparse(kind)) else set()
        case ast.For():
            loops = [(node.target, node.iter)]
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
            loops = [(one.target, one.iter) for one in node.generators]
        case _:
            return set()
    targets = [target for target, over in loops if isinstance(over, ast.Attribute) and over.attr in WORDS]
    return {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_branch_on_a_code_or_on_words(path: Path) -> None:
    assert branches(path.read_text("utf-8")) == [], "give the finding a cause, or the error a property (errors.py)"


@pytest.mark.parametrize(
    "source",
    [
        'finding.code == "CHR0433"',
        'finding.code in ("CHR0101", "CHR0102")',
        "if failure.code != wanted: pass",
        '_NO_ACCESS = ("CHR0403", "CHR0404")',
        'HELP = {"CHR0320": "name who signs"}',
        "HELP[wrong.code]",
        "HELP.get(wrong.code)",
        "TELLING.index(entry.code)",
        'match finding.code:\n  case "CHR0101": pass',
        'error.findings[0].message.rpartition(": ")',
        'finding.message.startswith("parent")',
        're.search("gone", finding.message)',
        '"gone" in finding.message',
        'any("BLOB_UNKNOWN" in text for finding in findings for _, text in finding.notes)',
        'for label, text in finding.notes:\n  if label == "answer": pass',
        'try: pass\nexcept RegistryError as failure:\n  if "BLOB" in str(failure): pass',
        'cause.text == f"{FILE_NAME} has another digest"',
    ],
)
def test_a_branch_is_seen(source: str) -> None:
    assert branches(source)


@pytest.mark.parametrize(
    "source",
    [
        'Finding("CHR0433", message, place, help=advice)',
        'problem("CHR0433", server=server, cause=cause)',
        'class Why(Enum):\n  OTHER_KEY = "CHR0451"',
        "finding.cause is Cause.WRONG_CONTENT",
        "if failure.is_missing: pass",
        'print(f"{finding.message} ({finding.code})")',
        'said = [f"{label}: {text}" for label, text in finding.notes]',
        "sorted({finding.code for finding in findings})",
        'say({"code": finding.code, "message": finding.message})',
    ],
)
def test_what_makes_or_shows_a_finding_is_none(source: str) -> None:
    assert branches(source) == []
