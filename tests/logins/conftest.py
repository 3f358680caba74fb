"""A docker configuration and credential helpers of our own."""

import json
import os
import sys

import pytest


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """Writes docker's configuration file, in a folder of its own."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / "docker").mkdir()

    def write(config):
        text = config if isinstance(config, str) else json.dumps(config)
        (tmp_path / "docker" / "config.json").write_text(text)

    return write


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """Puts a `docker-credential-<name>` on PATH that knows these servers."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "bin").mkdir()

    def install(name, logins, says=None, complains=None):
        """`says` is printed whatever is asked; `complains` (standard output, standard error) ends it with code 1."""
        script = tmp_path / "bin" / f"docker-credential-{name}"
        script.write_text(
            f"#!{sys.executable} -IS\n"
            "import json, sys\n"
            f"logins, says, complains = {logins!r}, {says!r}, {complains!r}\n"
            "asked = sys.stdin.read()\n"
            f"open({str(tmp_path / 'asked')!r}, 'a').write(asked + '\\n')\n"
            "if complains is not None:\n"
            "    print(complains[0])\n"
            "    sys.exit(complains[1] or 1)\n"
            "if sys.argv[1:] != ['get'] or asked not in logins and says is None:\n"
            "    print('credentials not found in native keychain')\n"
            "    sys.exit(1)\n"
            "user, secret = logins.get(asked, ('', ''))\n"
            "print(says or json.dumps({'ServerURL': asked, 'Username': user, 'Secret': secret}))\n"
        )
        script.chmod(0o755)

    install.asked = lambda: (tmp_path / "asked").read_text().split() if (tmp_path / "asked").exists() else []
    return install
