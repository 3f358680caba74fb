"""Write the one comment of a pull request: what changes for each infrastructure, then the previews. No dependencies.

    python comment.py REPORT PREVIEWS

REPORT has diff.md and affected.json, PREVIEWS a STACK.txt and a STACK.exit for each stack that was previewed. The
comment is found again by its first line, and only where a bot wrote it: a person may quote it.
"""

import itertools
import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARKER = "<!-- chaosreg -->"
LIMIT = 60_000
"""Characters; GitHub refuses a comment of more than 65,536."""
MIN_LENGTH = 400
"""Characters of a preview below which it is better named than shown."""
END = 2_000
"""Characters of a preview's end that stay when it is cut: the errors and the sums."""
PER_PAGE = 100


@dataclass(frozen=True)
class Preview:
    """What `pulumi preview` printed for a stack; `text` is None where it did not run."""

    stack: str
    text: str | None
    failed: bool = False


def body(diff: str, previews: Sequence[Preview], removed: Sequence[str], whole: str, limit: int = LIMIT) -> str:
    """The comment. The diff gets half of the room, or what the previews leave; they share the rest evenly."""
    notes = "".join(f"\n`{stack}` has no stack file any more: destroy it by hand.\n" for stack in removed)
    absent = [one.stack for one in previews if one.text is None]
    if absent:
        notes += f"\nWithout a preview here: {_names(absent)}.\n"
    frame = f"{MARKER}\n\n{notes}\n<sub>{whole}</sub>\n"
    room = limit - len(frame)
    there = [(_fold(one), one.text) for one in previews if one.text is not None]
    widths = itertools.accumulate(len(before) + len(after) + MIN_LENGTH for (before, after), _ in there)
    shown = there[: sum(width <= room // 2 for width in widths)]
    left_out = len(there) - len(shown)  # those of the last waves
    rest = f"\n… and {left_out} more previews, for which there is no room.\n" if left_out else ""
    room -= len(rest) + sum(len(before) + len(after) for (before, after), _ in shown)
    wanted = [len(text) for _, text in shown]
    of_diff = cut(diff, max(room // 2, room - sum(wanted)))
    shares = _shares(wanted, room - len(of_diff))
    blocks = "".join(
        before + cut(text, share, END) + after for ((before, after), text), share in zip(shown, shares, strict=True)
    )
    return f"{MARKER}\n{of_diff}\n{blocks}{rest}{notes}\n<sub>{whole}</sub>\n"


def cut(text: str, room: int, end: int = 0) -> str:
    """The text; where it is too long its beginning and at most so many characters of its end, in whole lines."""
    if len(text) <= room:
        return text
    gap = f"\n\n… cut here: {len(text)} characters in all …\n\n"
    end = max(0, min(end, (room - len(gap)) // 2))
    first = text[: max(0, room - len(gap) - end)].rpartition("\n")[0]
    last = text[len(text) - end :].partition("\n")[2] if end else ""
    return (first + gap + last).strip()[:room]


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """Room for each: who wants less than an even share leaves the rest to the others."""
    shares = [0] * len(wanted)
    for waiting, index in enumerate(sorted(range(len(wanted)), key=lambda index: wanted[index])):
        shares[index] = min(wanted[index], room // (len(wanted) - waiting))
        room -= shares[index]
    return shares


def _fold(preview: Preview) -> tuple[str, str]:
    """What stands before and after a preview's text. The fence is longer than any in the text."""
    fence = "`" * max([3, *(len(ticks) + 1 for ticks in re.findall("`{3,}", preview.text or ""))])
    title = f"Preview of <b>{preview.stack}</b>" + (" ❌ failed" if preview.failed else "")
    return f"\n<details><summary>{title}</summary>\n\n{fence}\n", f"\n{fence}\n\n</details>\n"


def _names(stacks: Sequence[str], most: int = 50) -> str:
    more = f" and {len(stacks) - most} more" if len(stacks) > most else ""
    return ", ".join(f"`{stack}`" for stack in stacks[:most]) + more


def previews_of(affected: Mapping[str, Any], folder: Path) -> Iterator[Preview]:
    """One for each stack, in the order of their `up`."""
    for one in affected["include"]:
        stack = one["stack"]
        text, code = folder / f"{stack}.txt", folder / f"{stack}.exit"
        if text.exists():
            yield Preview(stack, text.read_text("utf-8").strip(), not code.exists() or code.read_text().strip() != "0")
        else:
            yield Preview(stack, None)


class Comments:
    """The comments of one pull request."""

    def __init__(self, api: str, repository: str, number: int, token: str) -> None:
        self._issues, self._number, self._token = f"{api}/repos/{repository}/issues", number, token

    def find(self) -> int | None:
        """The id of our comment."""
        page = 0
        while True:
            page += 1
            found = self._ask("GET", f"{self._number}/comments?per_page={PER_PAGE}&page={page}")
            for comment in found:
                if comment["user"]["type"] == "Bot" and comment["body"].startswith(MARKER):
                    return int(comment["id"])
            if len(found) < PER_PAGE:
                return None

    def create(self, text: str) -> None:
        """A new one."""
        self._ask("POST", f"{self._number}/comments", text)

    def update(self, comment: int, text: str) -> None:
        """Other words in the one with this id."""
        self._ask("PATCH", f"comments/{comment}", text)

    def _ask(self, method: str, path: str, text: str | None = None) -> Any:
        data = None if text is None else json.dumps({"body": text}).encode()
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(f"{self._issues}/{path}", data, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)


def main(report: Path, folder: Path, given: Mapping[str, str]) -> str:
    """Write it, and say what was done. Where nothing is touched there is no new comment, only an old one is updated."""
    affected = json.loads((report / "affected.json").read_text("utf-8"))
    run = f"{given['GITHUB_SERVER_URL']}/{given['GITHUB_REPOSITORY']}/actions/runs/{given['GITHUB_RUN_ID']}"
    whole = f"Updated by each push. In full: the artifacts of [this run]({run})."
    diff = (report / "diff.md").read_text("utf-8").strip()
    text = body(diff, list(previews_of(affected, folder)), affected["removed"], whole)
    comments = Comments(
        given["GITHUB_API_URL"], given["GITHUB_REPOSITORY"], int(given["PULL_REQUEST"]), given["GITHUB_TOKEN"]
    )
    ours = comments.find()
    if ours is not None:
        comments.update(ours, text)
        return f"updated comment {ours}: {len(text)} characters"
    if not affected["include"] and not affected["removed"]:
        return "no stack is touched: no comment"
    comments.create(text)
    return f"new comment: {len(text)} characters"


if __name__ == "__main__":
    try:
        print(main(Path(sys.argv[1]), Path(sys.argv[2]), os.environ))
    except urllib.error.URLError as error:
        sys.exit(f"cannot write the comment: {error}; the job needs `permissions: pull-requests: write`")
