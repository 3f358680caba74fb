"""The authorities whose certificates the clouds' SDKs believe: their own lists, unless this machine names a file.

Each SDK has a variable of its own (`REQUESTS_CA_BUNDLE`, `AWS_CA_BUNDLE`), which comes first; none hears
`SSL_CERT_FILE`, by which everything else here is told.
"""

import os
from pathlib import Path


def named_authorities() -> str | None:
    """The file that `SSL_CERT_FILE` names; None where each SDK has its own list."""
    named = os.environ.get("SSL_CERT_FILE", "")
    return named if named and Path(named).is_file() else None
