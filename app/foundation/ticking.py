"""Ticks: work that comes round again and again, taken by whichever worker is first. DBOS lives behind this file.

The job engine has a store of its own (on SQLite a second file, on PostgreSQL a schema) and holds nothing that counts:
it only says that it is time. What is due, and that it is done once, stands in the tables of whoever does the work.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import URL

SCHEMA = "gongkai_jobs"
"""Where the job engine keeps its tables on PostgreSQL."""
VERSION = "1"
"""Of the ticks, not of the program: an unfinished tick is taken up again after an upgrade too."""
KEPT = timedelta(hours=1)
"""How long the job engine remembers a tick that is over."""
FORGET = "forget"
MOST_FORGOTTEN = 5_000


@dataclass(frozen=True, slots=True)
class Tick:
    """One kind of work. ``cron`` has six fields, seconds first; overlapping runs must do no harm."""

    name: str
    cron: str
    work: Callable[[], object]


def store_of(database: URL) -> str:
    """The address of the job engine's store beside a database."""
    if database.get_backend_name() == "sqlite":
        database = database.set(database=f"{database.database}.jobs")
    return database.render_as_string(hide_password=False)


def prepare(database: URL, role: str) -> None:
    """Make the job engine's tables on PostgreSQL as their owner, and let a role use them that may make none itself."""
    from dbos import DBOS  # noqa: PLC0415 - three seconds that only the worker and this command pay

    DBOS.migrate(store_of(database), schema=SCHEMA, application_role=role)


@contextmanager
def ticking(database: URL, ticks: Sequence[Tick], clock: Callable[[], datetime]) -> Iterator[None]:
    """Have the ticks come round while the block runs. Several workers share them; a worker that dies leaves its own to others.

    What a tick raises is logged, and the next one comes all the same.
    """
    from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer  # noqa: PLC0415 - as above

    works = {tick.name: tick.work for tick in ticks}

    @DBOS.workflow(name="tick")
    def tick(_at: datetime, name: Any) -> None:
        if name == FORGET:
            before = (clock() - KEPT).isoformat()
            over = DBOS.list_workflows(
                name="tick", completed_before=before, limit=MOST_FORGOTTEN, load_input=False, load_output=False
            )
            DBOS.delete_workflows([one.workflow_id for one in over])
        elif name in works:
            works[name]()

    DBOS(
        config=DBOSConfig(
            name="gongkai",
            system_database_url=store_of(database),
            dbos_system_schema=SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            application_version=VERSION,
            executor_id=socket.gethostname(),
            log_level="ERROR",
            scheduler_polling_interval_sec=1.0,
        )
    )
    DBOS.launch()
    try:
        DBOS.apply_schedules(
            [
                {"schedule_name": one.name, "workflow_fn": tick, "schedule": one.cron, "context": one.name}
                for one in (*ticks, Tick(FORGET, "0 */10 * * * *", list))
            ]
        )
        yield
    finally:
        DBOS.destroy(destroy_registry=True)


def run_until(stop: threading.Event, database: URL, ticks: Sequence[Tick], clock: Callable[[], datetime]) -> None:
    """Tick until somebody sets ``stop``."""
    with ticking(database, ticks, clock):
        stop.wait()
