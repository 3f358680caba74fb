#!/bin/sh
# Adds our wheel and the command `chaosreg` to a root file system. Nothing else that the wheel declares: `chaosreg mirror`
# never imports Pulumi and its Kubernetes SDK (200 MB); what it does import, python.sh has put there.
# Run by the Dockerfile and by this project's lab:   sh chaosreg.sh ROOT WHEEL
set -eu
root=$1
wheel=$2
mkdir -p "$root/usr/bin" "$root/usr/lib/python3/dist-packages"

# Unlike pip, this writes no path of the machine that builds.
"${PYTHON:-python3}" -m zipfile --extract "$wheel" "$root/usr/lib/python3/dist-packages"

cat > "$root/usr/bin/chaosreg" <<'PROGRAM'
#!/usr/bin/python3
import sys

from pulumi_chaosreg.cli.main import main

sys.exit(main())
PROGRAM
chmod 755 "$root/usr/bin/chaosreg"
