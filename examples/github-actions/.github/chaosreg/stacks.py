"""The stacks of `chaosreg affected -o json`, in the order of their `up`: one a line, or as a job matrix.

    python stacks.py [--matrix] FILE

GitHub refuses a matrix of more than 256 jobs: later stacks are left to the comment, which names them.
"""

import json
import sys
from pathlib import Path

MAX_JOBS = 256

if __name__ == "__main__":
    stacks = [one["stack"] for one in json.loads(Path(sys.argv[-1]).read_text("utf-8"))["include"]]
    if "--matrix" in sys.argv:
        print(json.dumps([{"stack": stack} for stack in stacks[:MAX_JOBS]]))
    else:
        print("\n".join(stacks))
