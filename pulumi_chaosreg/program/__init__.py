"""From stack files to components: `run()` is a whole Pulumi program."""

from pulumi_chaosreg.program.run import run

__all__ = ["run"]
