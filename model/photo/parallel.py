"""Work on many things at once, in bounded memory."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 2  # results for each worker that may wait to be taken


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Generator[tuple[Item, Result], None, None]:
    """Do some work for each item in threads, never far ahead of who takes the results.

    Parameters
    ----------
    work : callable
    items : iterable
        Taken from one by one, as places become free; may be endless.
    workers : int
        How many threads.

    Yields
    ------
    tuple of item and result
        In the order of the items. What ``work`` raises is raised here.
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    pool, coming = ThreadPoolExecutor(workers), iter(items)
    try:
        for item in islice(coming, AHEAD * workers):
            waiting.append((item, pool.submit(work, item)))
        while waiting:
            item, future = waiting.popleft()
            result = future.result()
            for following in islice(coming, 1):
                waiting.append((following, pool.submit(work, following)))
            yield item, result
    finally:
        pool.shutdown(cancel_futures=True)  # after a stop, do not wait for what is no longer needed
