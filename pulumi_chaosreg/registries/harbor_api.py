"""Where Harbor's API has what a repository's name stands for."""

from urllib.parse import quote

API = "/api/v2.0"


def artifact_path(repository: str, reference: str) -> str:
    """Of an image by its tag or digest. The server decodes a path before it looks for `/`: so names of repositories,
    which have some, are encoded twice.
    """
    project, _, name = repository.partition("/")
    below = quote(quote(name, safe=""), safe="")
    return f"{API}/projects/{quote(project, safe='')}/repositories/{below}/artifacts/{quote(reference, safe='')}"
