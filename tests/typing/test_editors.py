"""What an editor shows while a program is written, by the language server that Pylance is made of."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_chaosreg.settings.table import SETTINGS

pytestmark = pytest.mark.timeout(120)  # the server reads all of Pulumi

PROGRAM = """\
import pulumi_chaosreg as chaosreg
chaosreg.Account("acme", )
chaosreg.Account("acme", image_registry={"server": "harbor.company.com", })
chaosreg.Account("acme", image_registry={"type": ""})
"""


class Editor:
    """Speaks the language server protocol, as far as it is needed here."""

    def __init__(self, folder: Path) -> None:
        self.uri = (folder / "__main__.py").as_uri()
        command = [Path(sys.executable).with_name("basedpyright-langserver"), "--stdio"]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._asked = 0
        self.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": folder.as_uri(),
                "capabilities": {
                    "workspace": {"configuration": True},
                    "textDocument": {"hover": {"contentFormat": ["plaintext"]}},
                },
                "workspaceFolders": [{"uri": folder.as_uri(), "name": "program"}],
            },
        )
        self._send({"method": "initialized", "params": {}})
        document = {"uri": self.uri, "languageId": "python", "version": 1, "text": PROGRAM}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def completions(self, after: str) -> set[str]:
        """What is offered after this part of the program."""
        found = self._at("textDocument/completion", PROGRAM.index(after) + len(after))
        return {item["label"].strip("\"'=") for item in found["items"]}

    def hover(self, word: str) -> str:
        """What is shown for the first such word."""
        text: str = self._at("textDocument/hover", PROGRAM.index(word) + 1)["contents"]["value"]
        return text

    def _at(self, method: str, offset: int) -> Any:
        line, character = PROGRAM.count("\n", 0, offset), offset - (PROGRAM.rfind("\n", 0, offset) + 1)
        place = {"textDocument": {"uri": self.uri}, "position": {"line": line, "character": character}}
        return self.ask(method, place)

    def ask(self, method: str, params: Any) -> Any:
        """The answer to one request; what the server asks meanwhile is answered, too."""
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._asked and "method" not in message:
                return message["result"]
            if "id" in message:
                items = message["params"].get("items", []) if message["method"] == "workspace/configuration" else []
                result = [{"pythonPath": sys.executable} if item.get("section") == "python" else {} for item in items]
                self._send({"id": message["id"], "result": result})

    def _send(self, message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.server.stdin
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.server.stdin.flush()

    def _receive(self) -> Any:
        assert self.server.stdout
        length = 0
        while line := self.server.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server has ended"
        return json.loads(self.server.stdout.read(length))


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "__main__.py").write_text(PROGRAM)
    editor = Editor(folder)
    yield editor
    editor.server.kill()
    editor.server.wait()


def test_every_setting_is_offered(editor: Editor) -> None:
    assert editor.completions('"acme", ') >= SETTINGS.fields.keys() - {"id"}


def test_keys_within_a_setting_are_offered_and_no_other(editor: Editor) -> None:
    registry = SETTINGS.fields["image_registry"].fields  # type: ignore[union-attr]
    assert editor.completions('"harbor.company.com", ') == registry.keys() - {"server"}


def test_words_are_offered(editor: Editor) -> None:
    assert editor.completions('"type": "') == {"public", "private"}


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("image_registry", SETTINGS.fields["image_registry"]),
        ("server", SETTINGS.fields["image_registry"].fields["server"]),  # type: ignore[union-attr]
    ],
)
def test_a_setting_is_shown_with_its_description(editor: Editor, word: str, kind: Any) -> None:
    assert kind.doc in " ".join(editor.hover(word).split())
