"""What this machine can log in with: files of docker and podman, their credential helpers, a cloud's identity.

Everything here looks outside, and only when a registry asks. `credentials` is what a login is; `oci` is who sends it.
HTTP of our own is spoken in `oci` alone: the clouds' SDKs speak theirs, one module for each, imported when needed. What
a registry itself has to do with a cloud's token (Azure's exchange) happens there, under all its rules of safety.
"""

from pulumi_chaosreg.machine.logins import MachineLogin, MachineLogins

__all__ = ["MachineLogin", "MachineLogins"]
