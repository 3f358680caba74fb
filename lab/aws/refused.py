"""A refusal in AWS's own words: which error, and what is said about it."""

from __future__ import annotations

from typing import Final


class RefusedError(Exception):
    """`code` is the API's word for it (`AccessDenied`); `status` is HTTP's."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


class BeyondTheLabError(RefusedError):
    """AWS could decide this and the lab cannot: said loudly, since every guess would prove something that is not so."""

    def __init__(self, what: str) -> None:
        super().__init__("BeyondTheLab", f"the lab's AWS {what}", _NOT_IMPLEMENTED)


_NOT_IMPLEMENTED: Final = 501
