"""`python -m pulumi_chaosreg`: the command `chaosreg`, where its script is not on PATH."""

import sys

from pulumi_chaosreg.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
