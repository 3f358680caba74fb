"""`chaosreg mirror --to` and `--from`: a layout, folder or tar, in the place of the targets or of the sources."""

import argparse
import shlex
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_chaosreg.cli.mirror.report import Report, size
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.mirror import Wanted
from pulumi_chaosreg.mirror.contents import describe
from pulumi_chaosreg.mirror.mirror import Stores
from pulumi_chaosreg.oci.host import Host
from pulumi_chaosreg.oci.layout import SUMS, Layout

if TYPE_CHECKING:
    from pulumi_chaosreg.cli.mirror.list_file import TagCopy


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say about layouts."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--to", type=layout_path, metavar="PATH", help="write into a layout: a folder, or a file named *.tar"
    )
    group.add_argument(
        "--from", dest="origin", type=layout_path, metavar="PATH", help="read from a layout, not from sources"
    )


@dataclass(frozen=True, slots=True)
class Carried:
    """What is carried over: a layout that is written, one that is read, or nothing."""

    written: Layout | None = None
    read: Layout | None = None

    @property
    def read_from(self) -> Stores | None:
        """What stands in for the sources."""
        return self.read.holding if self.read else None

    @property
    def write_to(self) -> Stores | None:
        """What stands in for the targets."""
        return self.written.holding if self.written else None

    def copies(self, copies: "Iterable[TagCopy]") -> "list[TagCopy]":
        """The copies, or one for each source, whose own name is its target in a layout that is written.

        A layout gets whole images, as upstream has them and has signed them: subsets and second tags are made from it.
        Verified here is only what all owners of a source want verified, by one and the same policy: none of them
        decides for another. On the other side each target is verified by its own owner's.
        """
        if not self.written:
            return list(copies)
        merged: dict[str, TagCopy] = {}
        for copy in copies:
            wanted, before = copy.wanted, merged.get(copy.source.tagged, copy).wanted
            whole = Wanted(
                digest=copy.source.digest,
                signatures=wanted.signatures or before.signatures,
                # Platforms that are left out on the other side may have foreign layers.
                keep_foreign=wanted.keep_foreign or bool(wanted.platforms) or before.keep_foreign,
                verify=wanted.verify if wanted.verify == before.verify else None,
            )
            merged[copy.source.tagged] = replace(copy, target=copy.source.with_digest(None), wanted=whole)
        return [merged[name] for name in sorted(merged)]

    def finish(self, report: Report, *, stopped: bool) -> None:
        """Complete the layout that is written, unless something is missing, and tell about it."""
        layout = self.written
        if not layout:
            return
        if report.failures or stopped:
            report.note(f"{layout.path} is not complete: run again, what has arrived is kept")
            return
        try:
            written = layout.finish(lambda: describe(layout))
        except ChaosregError as error:
            report.failed(str(layout.path), error)
        else:
            report.note(_completed(layout.path, written=written))

    def lacking(self, copy: "TagCopy", lacking: Sequence[str]) -> ChaosregError:
        """What `--deep` says of a target that has a tag, and not all that it stands for."""
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        target, where = (
            copy.target,
            f"layout `{self.written.path}`" if self.written else f"registry `{copy.target.server}`",
        )
        name = target.name if self.written else target.repository
        origin = f" --from {shlex.quote(str(self.read.path))}" if self.read else ""
        again = f"chaosreg mirror {target.repository.rpartition('/')[2]}{origin}"
        return ChaosregError.of(
            "CHR0406",
            f"{where} has tag `{target.tag}` of `{name}` and lacks `{lacking[0]}`{more}",
            help="delete the layout, and write it again"
            if self.written
            else f"delete that tag at the registry, and mirror it again: `{again}`",
        )


def layout_path(text: str) -> Path:
    """An argument that names a layout."""
    if not text:  # an unset variable of a script; `Path` takes it for this folder
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)


def _completed(path: Path, *, written: bool) -> str:
    if not written:
        return f"{path} is complete already"
    quoted = shlex.quote(str(path))
    if path.is_dir():
        return f"{path} is complete; to check it: (cd {quoted} && sha256sum --check --quiet {SUMS})"
    return f"{path} is complete: {size(path.stat().st_size)}; to compare it on the other side: sha256sum {quoted}"


@contextmanager
def carried(options: argparse.Namespace, stop: threading.Event) -> Iterator[Carried]:
    """The layout that the command line names, open as long as the context lasts."""
    path: Path | None = options.to or options.origin
    if path is None:
        yield Carried()
        return
    with Layout.open(path, writing=bool(options.to), prove=options.deep, host=Host(stop=stop)) as layout:
        yield Carried(written=layout) if options.to else Carried(read=layout)
