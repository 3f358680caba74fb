"""Scans of Harbor's images, by its API: `artifacts/…?with_scan_overview=true`. It needs the right `artifact:read`.

The overview of an index is that of all its images together; it is absent before the first scan.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pulumi_chaosreg.images.reference import DIGEST
from pulumi_chaosreg.mirror.scanning.protocol import Scan, Stage
from pulumi_chaosreg.oci.problems import problem
from pulumi_chaosreg.oci.registry import Registry
from pulumi_chaosreg.registries.harbor_api import artifact_path

_STAGES = {"Success": Stage.OVER, "Error": Stage.FAILED, "Stopped": Stage.FAILED}
"""All other words (Pending, Scheduled, Running) are of scans that go on."""
_WORD = re.compile(r"[A-Za-z ]{1,40}")


def scan(registry: Registry, repository: str, reference: str) -> Scan | None:
    """See ScanOfKind."""
    path = artifact_path(repository, reference) + "?with_scan_overview=true&with_tag=false"
    subject = f"the scan of `{reference}`"
    answer = registry.ask_api(path, repository, subject, ok=(200, 404))
    if answer.status == 404:
        return None
    try:
        said = json.loads(answer.body)
        digest, overview = str(said["digest"]), _overview(said.get("scan_overview"))
    except (ValueError, KeyError, TypeError, AttributeError):
        digest, overview = "", {}
    if not DIGEST.match(digest):
        cause = "it is no artifact as Harbor's API describes it"
        raise problem("CHR0415", server=registry.server, repository=repository, subject=subject, cause=cause)
    status = str(overview.get("scan_status", ""))
    if not overview or status == "Not Scanned":
        return Scan(digest, Stage.NONE)
    done = overview.get("complete_percent")
    stage = _STAGES.get(status, Stage.UNDER_WAY)
    if stage is Stage.OVER and isinstance(done, int) and done < 100:
        stage = Stage.UNDER_WAY  # of an index: one of its images was not looked at yet
    words = [status] if _WORD.fullmatch(status) else []
    words += [f"{done} %"] if isinstance(done, int) and stage is Stage.UNDER_WAY else []
    return Scan(digest, stage, ", ".join(words))


def _overview(said: Any) -> Mapping[str, Any]:
    """The report, of whatever type: each scanner's has its own."""
    reports = [report for report in said.values() if isinstance(report, dict)] if isinstance(said, dict) else []
    return reports[0] if reports else {}
