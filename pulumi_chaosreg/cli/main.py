"""The command `chaosreg`: everything that can be known and done about a project's stack files.

Exit codes: 0 fine, 1 findings, 2 could not run.
"""

import io
import os
import sys
from collections.abc import Sequence

from pulumi_chaosreg.cli import notices
from pulumi_chaosreg.cli.completion import ASKED, candidates
from pulumi_chaosreg.cli.parsers import command_module, whole_parser
from pulumi_chaosreg.errors import ChaosregError


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the command; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that has fewer letters
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [ASKED]:
        print("".join(f"{one}\n" for one in candidates(given[1:])), end="")
        return 0
    try:
        options = whole_parser(given).parse_args(given)  # imports the command: Ctrl-C may come meanwhile
        options.verbosity = notices.verbosity(options)
        with notices.listening(options.verbosity):
            code = command_module(options.command).run(options)
        sys.stdout.flush()
    except ChaosregError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # `chaosreg resolve | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
