"""What stands for Harbor: its API v2.0, its token service and its registry, with what is documented to go wrong.

A stand-in, since Harbor is nine containers; it says so in every answer (`Server`), in its version and in its health.
What it does was written from the API description of Harbor 2.10 to 2.16 and from what its handlers answer. The bytes
are kept by a real registry (CNCF distribution) behind it, which knows nothing of projects, tags and rights.
"""

from typing import Final

STAND_IN: Final = "chaosreg-lab-stand-in-for-Harbor"
PASSWORD: Final = "LAB_HARBOR_PASSWORD"
"""The variable with the password of `admin`."""
