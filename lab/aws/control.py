"""The control plane: moto's, behind one address for all services."""

from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app


def control_plane() -> Any:
    """The WSGI application that answers as AWS does; which service is meant, each request says itself."""
    return DomainDispatcherApplication(create_backend_app)
