"""What tests tell the stand-ins of Google and Azure: whom they know, and for how long tokens are good."""

import json
import ssl
import urllib.request
from typing import Any

from lab.state import CloudState


def tell(cloud: CloudState, **said: Any) -> None:
    """Google: `providers`, `readers`, `account`, `seconds`. Azure: `clients` (id → tenant, secret, subject), `seconds`.
    What was told before stays.
    """
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=cloud.authority))
    request = urllib.request.Request(f"https://{cloud.registry}/lab/orders", json.dumps(said).encode(), method="POST")
    urllib.request.build_opener(urllib.request.ProxyHandler({}), trust).open(request, timeout=10).close()
