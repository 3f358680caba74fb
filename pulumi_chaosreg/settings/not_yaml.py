"""Why a text is no YAML, told where the mistake is: the parser often notices it many lines later."""

import re
from typing import NamedTuple

import yaml

_MARK_OF_A_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)
_TAB = re.compile(r" *\t")
_IN_QUOTES = "while scanning a quoted scalar"


class Mistake(NamedTuple):
    """What to say of it."""

    message: str
    line: int | None
    """From 1; None where nobody knows."""
    advice: str = ""


def mistake_in(text: str, error: yaml.YAMLError) -> Mistake:
    """What the parser's error comes from."""
    if conflict := _MARK_OF_A_CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        advice = "keep one side, or both, and remove the markers"
        return Mistake("this file has merge conflict markers", line, advice)
    if (opened := _open_quote(text, error)) is not None:
        message = "this file is not YAML: a quote that opens here is not closed"
        return Mistake(message, opened + 1, "close it on this line")
    mark = getattr(error, "problem_mark", None)
    stopped = text.split("\n")[mark.line : mark.line + 1] if mark else []
    if mark and any(map(_TAB.match, stopped)):
        return Mistake("this file is not YAML: a tab indents this line", mark.line + 1, "indent it with spaces")
    problem = getattr(error, "problem", None) or "it is not valid YAML"
    return Mistake(f"this file is not YAML: {problem}", mark.line + 1 if mark else None)


def _open_quote(text: str, error: yaml.YAMLError) -> int | None:
    """The line (from 0) of a quote that nobody closes, or that closes where the next text in quotes should open: there
    the parser stops.
    """
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return None
    if error.context == _IN_QUOTES and error.context_mark:
        return int(error.context_mark.line)
    stopped = error.problem_mark.line
    try:
        for token in yaml.scan(text, Loader=yaml.BaseLoader):
            if token.start_mark.line > stopped:
                break
            is_quoted = isinstance(token, yaml.ScalarToken) and token.style in ("'", '"')
            if is_quoted and token.start_mark.line < token.end_mark.line == stopped:
                return int(token.start_mark.line)
    except yaml.YAMLError:
        pass
    return None
