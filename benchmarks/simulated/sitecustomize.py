"""Makes a worker wait where it would read: the same time for every page. Only for `python -m benchmarks machines`.

Python imports this by itself where the folder is in PYTHONPATH, as it is for the workers of that benchmark alone. Claims,
intake, rows, events and everything that Prefect does are real; no page is read and no paper is made.
"""

from __future__ import annotations

import os
import time

PAGES = 10  # of every file

if seconds := float(os.environ.get("BENCHMARK_PAGE_SECONDS", "0")):
    from flows.machines import hauling
    from pipeline.keeping import BatchRun, FileOutcome
    from pipeline.plan import PlannedFile
    from schemas.batches import FileStatus
    from schemas.events import EventType

    def wait(run: BatchRun, planned: PlannedFile) -> FileOutcome:
        """Wait as long as the pages would take to read, and record that the file was read."""
        time.sleep(PAGES * seconds)
        row = planned.known._replace(
            status=FileStatus.READ,
            pages=PAGES,
            accounted=PAGES,
            attempts=planned.known.attempts + 1,
            done_with=run.plan.done_mark,
        )
        run.commit(row, (), run.event(EventType.INGESTION, row.name, "read", file=row.name))
        return FileOutcome(row.name, row.status, PAGES, 0, 0)

    hauling.work_on = wait
