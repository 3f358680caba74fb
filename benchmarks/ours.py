"""Our own command as the benchmark starts it: with a project and a lockfile, as a user would have them."""

import sys
from pathlib import Path

import yaml

from benchmarks.peers import Job, Peer
from benchmarks.processes import Work
from lab.places import CHECKOUT
from pulumi_chaosreg import __version__

_START = "import sys; from pulumi_chaosreg.cli.main import main; sys.exit(main())"
"""What the installed script `chaosreg` does."""


def ours(checkout: Path = CHECKOUT, name: str = "ours") -> Peer:
    """`chaosreg mirror` of that checkout."""

    def work(job: Job) -> Work:
        trust = {"SSL_CERT_FILE": str(job.authority)} if job.authority else {}
        _project(job)
        command = [sys.executable, "-P", "-c", _START, "--project", str(job.room), "mirror"]
        return Work([command], environment={"PYTHONPATH": str(checkout), **trust})

    return Peer(name, __version__, work)


def _project(job: Job) -> None:
    """Stack files that ask for the job's images: one infrastructure per release, for it takes each image once."""
    server, account = job.pairs[0].target.split("/")[:2]
    source = job.pairs[0].source.rpartition("/")[0]
    releases: dict[str, list[str]] = {}
    for pair in job.pairs:
        releases.setdefault(f"r{pair.source_tag.replace('.', '-')}", []).append(
            f"{pair.source.partition('/')[2]}:{pair.source_tag}"
        )
    stack = {
        "chaosreg:account": {
            "id": "acme",
            "allow_overrides": True,
            "image_registry": {"server": server, "account": account, "type": "public"},
            "mirror": {"source": source, "allow_sources": [job.source_host]},
        },
        "chaosreg:infrastructures": {
            name: {"cluster": {"context": name}, "required_images": images} for name, images in releases.items()
        },
    }
    (job.room / "stacks").mkdir()
    (job.room / "Pulumi.yaml").write_text("name: bench\nstackConfigDir: stacks\n", "utf-8")
    (job.room / "stacks/Pulumi.acme.yaml").write_text(yaml.safe_dump({"config": stack}), "utf-8")
    lock = sorted(f"{pair.source}:{pair.source_tag}: {pair.digest}\n" for pair in job.pairs)
    (job.room / "stacks/chaosreg.lock.yaml").write_text("".join(lock), "utf-8")
