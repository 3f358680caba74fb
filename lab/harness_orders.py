"""What tests ask of the lab's Harness that the real one does not do: accounts, others' changes, failures on demand."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.state import HarnessState


def new_account(harness: HarnessState, account: str, key: str) -> None:
    """An account as Harness makes it, and an API key of it."""
    _order(harness, "key", {"account": account, "key": key})


def records(harness: HarnessState, account: str) -> dict[str, dict[str, Any]]:
    """The account's own records by their scope: `acme/payments/checkout/prod/eu`."""
    every: dict[str, dict[str, Any]] = _order(harness, "records", None)
    return {scope: record for scope, record in every.items() if scope.partition("/")[0] == account}


def put(harness: HarnessState, scope: str, **request: Any) -> None:
    """Somebody else writes the record of a scope."""
    _order(harness, "put", {"scope": scope, "request": request})


def fail(harness: HarnessState, operation: str, **how: Any) -> None:
    """Answer the next calls of an operation so: `status`, `message`, `headers`, `seconds`, `times`; `after`: so many go
    well before; `done`: do it, and lose only the answer; `account`: calls of this one alone.
    """
    _order(harness, "fail", {"operation": operation, **how})


def mend(harness: HarnessState, account: str) -> None:
    """Nothing of the account's fails any more."""
    _order(harness, "mend", account)


def requests(harness: HarnessState, account: str) -> Iterator[dict[str, Any]]:
    """What was asked of the account: operation, variables and status of each."""
    log = Path(harness.requests)
    for line in log.read_text("utf-8").splitlines() if log.exists() else ():
        entry = json.loads(line)
        if ((entry["variables"] or {}).get("identifiers") or {}).get("accountIdentifier") == account:
            yield entry


def _order(harness: HarnessState, order: str, said: Any) -> Any:
    address = harness.endpoint.removesuffix("/gateway")
    request = urllib.request.Request(f"{address}/lab/{order}", data=json.dumps(said).encode(), method="POST")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return json.load(answer)
