"""Which texts every reader of YAML takes for the same text without quotes: by the rules of 1.1 and of 1.2."""

import re

_WORD = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)\Z)[a-z_/][\w./@:#-]*(?<!:)\Z", re.IGNORECASE | re.ASCII)


def needs_no_quotes(text: str) -> bool:
    """Whether nobody takes it for anything else, in a block or in a mapping on one line."""
    return _WORD.match(text) is not None
