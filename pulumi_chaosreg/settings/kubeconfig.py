"""A kubeconfig as people give it: the path of a file, or its content, in which there may be credentials."""

from base64 import b64decode
from binascii import Error


def is_content(kubeconfig: str) -> bool:
    """Whether this is a content and not a path; also one in base64, as CI systems keep it."""
    return "\n" in kubeconfig or "{" in kubeconfig or _is_encoded(kubeconfig)


def _is_encoded(text: str) -> bool:
    """Paths are made of the same letters, but they do not decode to a kubeconfig."""
    try:
        decoded = b64decode(text.strip(), validate=True)
    except (Error, ValueError):
        return False
    return b"apiVersion" in decoded or b"clusters" in decoded
