"""Whatever `requests` sends to HubSpot goes to a sandbox portal; nothing else about it changes, and nothing leaves."""

import importlib
from typing import Any

HUBSPOT = "https://api.hubapi.com"


def send_to(url: str) -> None:
    """From now on every request of this process to HubSpot goes to this address. RuntimeError for one to anybody else:
    nothing that is measured here has business there."""
    session = importlib.import_module("requests").Session
    send = session.send

    def sent(self: Any, request: Any, **kwargs: Any) -> Any:
        request.url = request.url.replace(HUBSPOT, url, 1)
        if not request.url.startswith(url):
            raise RuntimeError(f"not sent: {request.url} is not the sandbox portal")
        return send(self, request, **kwargs)

    session.send = sent
