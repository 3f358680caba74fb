"""A password that is easy to find wherever it leaked to, in all the forms in which things leak."""

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

from pulumi_chaosreg.credentials.login import Login

PULL = Login("puller", 'canary-of-pull/"pä&ss')
PUSH = Login("pusher", 'canary-of-push/"pä&ss')


def traces_of(login: Login, text: str) -> list[str]:
    """The forms of the password that stand in the text."""
    return sorted(form for form in _forms(login) if form in text)


def _forms(login: Login) -> set[str]:
    raw = login.password.encode()
    encoded = {f(raw + b"").decode().rstrip("=") for f in (b64encode, urlsafe_b64encode)}
    # Inside of longer text, base64 of the same bytes looks different at each of three positions.
    shifted = {b64encode(b"?" * shift + raw).decode()[4:-4] for shift in range(3)}
    escaped = {quote(login.password), quote(login.password, safe=""), quote_plus(login.password)}
    return {login.password, login.basic, json.dumps(login.password)[1:-1], repr(login.password)[1:-1]} | (
        encoded | shifted | escaped
    )
