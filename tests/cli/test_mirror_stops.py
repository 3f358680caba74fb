"""`chaosreg mirror` that was told to stop: what had not begun is not waited for."""

import threading
from concurrent.futures import ThreadPoolExecutor

from pulumi_chaosreg.cli.mirror import _each
from pulumi_chaosreg.cli.mirror_list import Job
from pulumi_chaosreg.cli.mirror_report import REPORTS
from pulumi_chaosreg.images.reference import Reference


def test_a_stopped_run_ends_with_what_is_under_way() -> None:
    stopped, begun = threading.Event(), threading.Semaphore(0)
    jobs = [Job(Reference("s", "app", str(number)), Reference("t", "app", str(number))) for number in range(50)]

    def work(job: Job) -> str:
        begun.release()
        stopped.wait(30)
        return str(job.target.tag)

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(_each, jobs, work, REPORTS["json"](len(jobs), stopped), stopped)
        assert begun.acquire(timeout=10)
        stopped.set()
        assert len(running.result(10)) < len(jobs)
