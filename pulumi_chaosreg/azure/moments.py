"""Moments as Azure writes them, and as people write them for it."""

from datetime import UTC, datetime


def moment(said: str) -> datetime | None:
    """A moment as ISO 8601 has it, without its fraction; None for anything else. Azure writes seven digits of one."""
    try:
        read = datetime.fromisoformat(said)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
