"""docs/cli.md, made of the parsers: what each command takes, needs and ends with.

The text is ours and not argparse's, whose form changes from one Python to the next.
"""

import argparse
import re
import textwrap
from collections.abc import Iterable, Iterator

from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.parsers import ALWAYS, COMMANDS, DESCRIPTION, add_common, command_module, exits_of

_WIDTH = 120
_HEAD = f"""\
# The command `chaosreg`

{DESCRIPTION}
`python -m pulumi_chaosreg` is the same command. This page is made from the command itself, by
`python -m pulumi_chaosreg.cli.page > docs/cli.md`.
"""
_LOGS = """\
## Output

The result goes to standard output, everything else to standard error. `-q`, `-v` and `-vv` may come before or after the
command's name:

| | standard error has |
|---|---|
| `-q` | errors |
| | also notices and warnings |
| `-v` | also decisions: whose login is used (never its value), what happens to each image, each wait and why |
| `-vv` | also each request: method, address, status, milliseconds, bytes |

```console
$ chaosreg lock --check -vv
13:04:34.123 machine.auth_files: logins in /home/u/.docker/config.json: harbor.company.com
13:04:34.131 oci.transport: HEAD https://harbor.company.com/v2/chaos/chaos-ddcr/manifests/1.94.4: 401 in 8 ms
13:04:34.131 oci.auth: harbor.company.com: logs in as user `robot` (/home/u/.docker/config.json)
13:04:34.140 oci.transport: HEAD https://harbor.company.com/v2/chaos/chaos-ddcr/manifests/1.94.4: 200 in 9 ms
```

URLs are written without their query, which may be signed; headers, bodies, passwords and tokens are never written.
Other libraries (HTTP, the clouds' SDKs) stay silent. In your own program, the same lines come from the loggers below
`pulumi_chaosreg`, through Python's `logging`.

## Formats

Commands that print take `-o FORMAT` (`--output`; `--format` is an alias). `-o json` prints one document, but `mirror`
and `prune` print one object a line. Errors go to standard error.

## Completion

```console
$ chaosreg completion bash > ~/.local/share/bash-completion/completions/chaosreg
$ chaosreg completion zsh > "${fpath[1]}/_chaosreg"
$ chaosreg completion fish > ~/.config/fish/completions/chaosreg.fish
```

Completes commands, options, choices, and the names of infrastructures, scopes, stacks, images and releases of the
project in the current folder (or of `--project`). Needs neither the network nor Pulumi.
"""


def page() -> str:
    """The page in Markdown."""
    return "\n".join([_HEAD, _list(), _before(), _LOGS, *map(_command, COMMANDS)])


def _list() -> str:
    rows = [("command", "what it does", "needs"), ("---", "---", "---")]
    for name in COMMANDS:
        module = command_module(name)
        rows.append((f"[`{name}`](#chaosreg-{name})", module.ABOUT, module.NEEDS.words))
    needs = "Commands that need nothing read only the stack files, without Pulumi or the network.\n"
    return f"{_table(rows)}\n{needs}"


def _before() -> str:
    parser = argparse.ArgumentParser()
    add_common(parser)
    codes = [("exit code", "meaning, unless the command says otherwise"), ("---", "---")]
    codes += [(f"`{code}`", said) for code, said in ALWAYS.items()]
    return f"Before the command's name, `-v` and `-q` also after it:\n\n{_table(_options(parser))}\n{_table(codes)}"


def _command(name: str) -> str:
    module = command_module(name)
    parser = argparse.ArgumentParser(prog=f"chaosreg {name}")
    module.arguments(parser)
    needs = (
        f"Needs {module.NEEDS.words}." if module.NEEDS is not Needs.NONE else "Needs neither the network nor Pulumi."
    )
    usage = " ".join([f"chaosreg {name}", *(["[OPTIONS]"] if _options(parser) else []), *_positionals(parser)])
    examples = module.EXAMPLES.removeprefix("examples:\n")
    exits = "".join(f"- `{code}`: {said}\n" for code, said in exits_of(module).items() if code in module.EXITS)
    parts = [
        f"## `chaosreg {name}`\n\n{_prose(str(module.__doc__), parser)}\n{needs}\n",
        f"    {usage}\n",
        _table(rows) if len(rows := _options(parser)) > 2 else "",
        f"Exit codes:\n\n{exits}" if exits else "",
        f"```text\n{_dedented(examples)}```\n",
    ]
    return "\n".join(filter(None, parts))


def _prose(text: str, parser: argparse.ArgumentParser) -> str:
    """A docstring as Markdown: options, and what the parser calls the values of arguments, as code."""
    names = {re.escape(str(action.metavar)) for action in parser._actions if action.metavar}
    words = re.compile(rf"(?<![\w-])(--[a-z][a-z-]+|{'|'.join(sorted(names, key=len, reverse=True))})(?!\w)")
    pieces = re.split(r"(`[^`]*`)", text.strip())
    marked = "".join(piece if piece.startswith("`") else words.sub(r"`\1`", piece) for piece in pieces)
    return "\n\n".join(map(_wrapped, marked.split("\n\n"))) + "\n"


def _wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _positionals(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if not action.option_strings:
            name = str(action.metavar or action.dest)
            yield {"*": f"[{name} ...]", "?": f"[{name}]"}.get(str(action.nargs), name)


def _options(parser: argparse.ArgumentParser) -> list[tuple[str, ...]]:
    """A row for each argument with something to say, and two above: the head."""
    rows: list[tuple[str, ...]] = [("argument", "meaning"), ("---", "---")]
    for action in parser._actions:
        if action.help == argparse.SUPPRESS or action.dest == "help" or not (action.option_strings or action.help):
            continue
        name = str(action.metavar or action.dest)
        spelled = [f"{one} {name}" if action.nargs != 0 else one for one in action.option_strings] or [name]
        rows.append((", ".join(f"`{one}`" for one in spelled), (action.help or "") % {"default": action.default}))
    return rows


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _dedented(text: str) -> str:
    return "".join(line.removeprefix("  ") for line in text.splitlines(keepends=True))


if __name__ == "__main__":
    print(page(), end="")
