"""A client that was used before a fork is used in the child."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from client.tests.support.server import Server

SOURCES = Path(__file__).parents[1] / "src"

CHILD = """
import asyncio, os, sys, threading
from billing_client import AsyncBilling, Billing, Policy, Receiver

url, key = sys.argv[1:]
policy = Policy(stale_while_revalidate=1e9)
billing = Billing(url, key, policy=policy)
waiting = AsyncBilling(url, key, policy=policy)
receiver = Receiver(billing, ["whsec_AAAA"])
assert billing.can("ann", "export") and not billing.can("bob", "export")
assert asyncio.run(waiting.can("ann", "export"))

# Another thread holds every lock at the moment of the fork, and a refresh is under way.
engine, core = billing._engine, billing._core
engine._background().submit(lambda: None).result()
held, forked = threading.Event(), threading.Event()
locks = [engine._lock, core.cache._lock, core.cache._entries._lock, core.breaker._lock,
         receiver._seen._lock]

def hold():
    for lock in locks:
        lock.acquire()
    held.set()
    forked.wait()
    for lock in locks:
        lock.release()

threading.Thread(target=hold).start()
held.wait()
child = os.fork()
if child == 0:
    sockets = engine._http
    assert sockets is None, "the parent's connections are the parent's"
    assert billing.can("ann", "export")
    assert not billing.can("carl", "export")
    billing.invalidate("ann")
    assert billing.can("ann", "export")
    assert asyncio.run(waiting.can("ann", "export"))
    assert not asyncio.run(waiting.can("carl", "export"))
    engine._background().submit(lambda: None).result()
    billing.close()
    os._exit(0)
forked.set()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
billing.invalidate("ann")
assert billing.can("ann", "export"), "the parent's connection still works"
billing.close()
print("both")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_child_has_locks_connections_and_workers_of_its_own(server: Server) -> None:
    server.clock.advance(time.time() - server.clock.now())
    server.service.grant("ann", "export")
    done = subprocess.run(  # noqa: S603 - this interpreter
        # Python warns of forks beside threads, which is what is tried here.
        [
            sys.executable,
            "-W",
            "error",
            "-W",
            "ignore::DeprecationWarning",
            "-c",
            CHILD,
            server.url,
            "bk_test_fake",
        ],
        env={"PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "both"), done.stderr
    assert server.count() == 2 + 1 + 2 + 1 + 1
