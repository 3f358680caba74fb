"""What somebody probably meant who wrote a name that there is not."""

from collections.abc import Iterable


def near_misses(word: str, valid: Iterable[str], most: int = 1, cutoff: float = 0.5) -> list[str]:
    """The names that are spelt like the word, the nearest first."""
    from difflib import get_close_matches  # slow to import, and seldom needed

    return get_close_matches(word, list(valid), n=most, cutoff=cutoff)


def abbreviated(word: str, valid: Iterable[str]) -> list[str]:
    """The names that the word is the beginning of, where it is long enough to say one: `auth`."""
    return [name for name in valid if len(word) > 2 and name.startswith(word)]


def did_you_mean(word: str, valid: Iterable[str], cutoff: float = 0.5) -> str:
    """As help begins: "did you mean `server`? "; empty where nothing is near."""
    near = near_misses(word, valid, cutoff=cutoff)
    return f"did you mean `{near[0]}`? " if near else ""
