"""`chaosreg` and `python -m pulumi_chaosreg` are one command."""

import subprocess
import sys


def test_the_module_is_the_command_under_the_command_s_name(company):
    def module(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pulumi_chaosreg", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=company.folder)

    assert module("resolve", "eu", "-o", "json").returncode == 0
    assert module("validate", "--stack", "none").returncode == 2
    wrong = module("resolve", "-o", "none")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("usage: chaosreg resolve ")
    assert "__main__" not in wrong.stderr + module("--help").stdout
