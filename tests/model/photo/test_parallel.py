"""Work in threads: in order, never far ahead, and stopped at once."""

import threading
import time
from itertools import count

import pytest

from model.photo.parallel import AHEAD, in_order


def test_results_come_in_the_order_of_the_items():
    def slow_first(number):
        time.sleep(0.02 if number == 0 else 0)
        return number * 2

    assert list(in_order(slow_first, range(20), 4)) == [(number, number * 2) for number in range(20)]


def test_items_are_taken_as_they_are_needed():
    taken = []

    def endless():
        for number in count():
            taken.append(number)
            yield number

    results = in_order(lambda number: number, endless(), 3)
    for expected in range(10):
        assert next(results) == (expected, expected)
    assert len(taken) <= 10 + AHEAD * 3
    results.close()


def test_several_items_are_worked_on_at_once():
    meeting = threading.Barrier(3, timeout=10)  # one worker alone would wait here until it breaks
    assert len(list(in_order(lambda _: meeting.wait(), range(3), 3))) == 3


def test_what_work_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda number: 1 / number, [1, 0, 1], 2))


def test_a_stop_does_not_wait_for_what_has_not_begun():
    begun = []

    def work(number):
        begun.append(number)
        time.sleep(0.01)

    results = in_order(work, range(100), 1)
    next(results)
    results.close()
    assert len(begun) <= 1 + AHEAD
