"""The bell: many rings are one, and a broker that is slow or gone is felt by nobody who rings."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import pytest

from pagoefectivo.services.bell import QUIET, Bell

SOON = 5.0


class Broker:
    """Counts what is published, and misbehaves on request."""

    def __init__(self) -> None:
        self.rings = 0
        self.heard = threading.Event()
        self.misbehave: Callable[[], None] = lambda: None

    def publish(self) -> None:
        self.rings += 1
        self.heard.set()
        self.misbehave()

    def hears(self) -> bool:
        heard = self.heard.wait(SOON)
        self.heard.clear()
        return heard


@pytest.fixture
def broker() -> Broker:
    return Broker()


def bell_to(broker: Broker, **waits: float) -> Bell:
    bell = Bell(**waits)
    bell.connect(broker.publish)
    return bell


def quickly(ring: Callable[[], None]) -> None:
    """Ring, and prove that whoever rang was not kept."""
    began = time.perf_counter()
    ring()
    assert time.perf_counter() - began < SOON / 5


def test_many_rings_within_a_tenth_of_a_second_are_two_at_most(broker: Broker) -> None:
    assert QUIET == 0.1
    bell = bell_to(broker, quiet=0.3)
    for _ in range(1000):
        bell.ring()
    assert broker.hears()
    time.sleep(0.15)  # within the quiet time
    assert broker.rings == 1
    if broker.heard.wait(0.6):  # rings that came after the first was taken make one more
        time.sleep(0.4)
    assert broker.rings <= 2


def test_a_ring_after_the_quiet_time_is_heard(broker: Broker) -> None:
    bell = bell_to(broker, quiet=0.01)
    for _ in range(3):
        bell.ring()
        assert broker.hears()
        time.sleep(0.03)
    assert broker.rings == 3


def test_rings_of_many_threads_start_one_thread(broker: Broker) -> None:
    bell = bell_to(broker, quiet=0.01)
    threads = [threading.Thread(target=bell.ring) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broker.hears()
    assert len({thread for thread in threading.enumerate() if thread is bell._thread}) == 1


def test_F02_a_broker_that_refuses_is_felt_by_nobody_and_rung_again_later(broker: Broker) -> None:
    def refuse() -> None:
        raise ConnectionError("no broker, and a password CANARY")

    broker.misbehave = refuse
    bell = bell_to(broker, quiet=0.01, pause=0.05)
    quickly(bell.ring)
    assert broker.hears()
    quickly(bell.ring)
    assert broker.hears(), "the thread survived"
    broker.misbehave = lambda: None
    bell.ring()
    assert broker.hears()


def test_F02_a_failure_is_logged_without_what_the_client_said(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> None:
        raise ConnectionError("redis://:CANARY@broker")

    broker.misbehave = refuse
    bell = bell_to(broker, quiet=0.01, pause=0.01)
    bell.ring()
    assert broker.hears()
    deadline = time.monotonic() + SOON
    while not caplog.records and time.monotonic() < deadline:
        time.sleep(0.005)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "CANARY" not in caplog.text


def test_F02_a_broker_that_hangs_keeps_nobody_waiting(broker: Broker) -> None:
    let_go = threading.Event()
    broker.misbehave = lambda: (let_go.wait(SOON), None)[1]
    bell = bell_to(broker, quiet=0.01)
    bell.ring()
    assert broker.hears()
    for _ in range(100):
        quickly(bell.ring)
    assert broker.rings == 1, "all of them wait behind the one that hangs"
    broker.misbehave = lambda: None
    let_go.set()
    assert broker.hears(), "and one more is heard for all of them"


def test_F05_without_a_publisher_a_ring_does_nothing(broker: Broker) -> None:
    bell = Bell()
    for _ in range(10):
        quickly(bell.ring)
    assert bell._thread is None, "the sweep finds the work"
    bell.connect(broker.publish)
    bell.ring()
    assert broker.hears()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_bell_that_was_rung_before_a_fork_rings_in_the_child_too(broker: Broker) -> None:
    """A web server forks its workers after loading the app; a thread does not come along."""
    reading, writing = os.pipe()
    bell = bell_to(broker, quiet=0.01)
    bell.ring()
    assert broker.hears()
    broker.misbehave = lambda: (os.write(writing, b"%d\n" % os.getpid()), None)[1]
    child = os.fork()
    if child == 0:
        bell.ring()
        time.sleep(SOON)
        os._exit(0)
    try:
        assert os.read(reading, 32) == b"%d\n" % child
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)
