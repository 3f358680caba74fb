"""`chaosreg mirror` that was told to stop: what had not begun is not waited for."""

import threading
from concurrent.futures import ThreadPoolExecutor

from pulumi_chaosreg.cli.commands.mirror import _each
from pulumi_chaosreg.cli.mirror.list_file import TagCopy
from pulumi_chaosreg.cli.mirror.report import REPORTS
from pulumi_chaosreg.images.reference import Reference


def test_a_stopped_run_ends_with_what_is_under_way() -> None:
    stopped, begun, never = threading.Event(), threading.Semaphore(0), threading.Event()
    jobs = [TagCopy(Reference("s", "app", str(number)), Reference("t", "app", str(number))) for number in range(50)]

    def work(job: TagCopy) -> str:
        is_late = stopped.is_set()
        begun.release()
        stopped.wait(30)
        never.wait(1 if is_late else 0)  # what begins after the stop would else be done before anybody looks
        return str(job.target.tag)

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(_each, jobs, work, REPORTS["json"](len(jobs), stopped), stopped)
        assert begun.acquire(timeout=10)
        stopped.set()
        assert len(running.result(10)) < len(jobs)
