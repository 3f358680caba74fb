"""The commit that is up: what the newest successful deployment to ENVIRONMENT brought up. Standard library only.

A job with `environment:` makes a deployment, and GitHub notes how it ended. Compared with that commit, and not with
the one before the push, a run also brings up what a failed run or one that GitHub dropped from the queue has left.
Prints an empty project's folder, so that every stack counts as touched, where there is no such deployment yet, where
its commit is gone, and for a run that was started by hand.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any


def get(path: str, **query: str | int) -> Any:
    """What the API answers for this path of the repository."""
    url = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}"
    headers = {"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
    request = urllib.request.Request(f"{url}?{urllib.parse.urlencode(query)}", headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def last_up(environment: str) -> str | None:
    """Of the last hundred deployments, newest first, the commit of the first that succeeded."""
    for deployment in get("deployments", environment=environment, per_page=100):
        statuses = get(f"deployments/{deployment['id']}/statuses", per_page=1)
        if statuses and statuses[0]["state"] == "success":
            return str(deployment["sha"])
    return None


def is_here(commit: str) -> bool:
    """Not after a forced push: then this checkout does not have it."""
    command = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603


def empty_project() -> str:
    """A folder that has no stack."""
    folder = Path(tempfile.mkdtemp(dir=os.environ["RUNNER_TEMP"]))
    (folder / "Pulumi.yaml").write_text("name: nothing\n", "utf-8")
    return str(folder)


if __name__ == "__main__":
    try:
        commit = None if os.environ["GITHUB_EVENT_NAME"] == "workflow_dispatch" else last_up(os.environ["ENVIRONMENT"])
    except urllib.error.URLError as error:
        sys.exit(f"cannot read the deployments: {error}; the job needs `permissions: deployments: read`")
    print(commit if commit and is_here(commit) else empty_project())
