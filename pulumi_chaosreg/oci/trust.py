"""Which certificates are believed: the same on every Python, and the same as by docker, crane and the kubelet.

Python 3.13 began to refuse authorities that do not follow RFC 5280 to the letter, such as without a key identifier:
many companies' own are so, and no other client minds (VERIFY_X509_STRICT). And it began to take an authority that was
given by name for good though another one has signed it (VERIFY_X509_PARTIAL_CHAIN), as Go always did.
"""

import ssl


def trusting(context: ssl.SSLContext | None = None) -> ssl.SSLContext:
    """The context, by these rules; without one, what this machine trusts (`SSL_CERT_FILE` is heard)."""
    context = context or ssl.create_default_context()
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT
    return context
