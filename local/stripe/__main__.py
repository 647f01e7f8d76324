"""Run the fake alone: ``python -m local.stripe --port 12111 --webhook-url http://…``."""

from __future__ import annotations

import argparse
import signal
import threading

from local.stripe.server import DEFAULT_SECRET, FakeStripeServer


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m local.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--webhook-url", help="where signed events are posted")
    parser.add_argument("--webhook-secret", default=DEFAULT_SECRET)
    parser.add_argument("--workers", type=int, default=1, help="webhooks sent at once")
    given = parser.parse_args()
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    with FakeStripeServer(
        given.port, given.webhook_url, given.webhook_secret, workers=given.workers
    ) as server:
        print(f"fake Stripe at {server.url}", flush=True)
        done.wait()


if __name__ == "__main__":
    main()
