"""What an app asks of a running stack: the mix of checks that `make bench` sends.

The mix is that of an app which caches answers as they say (Cache-Control, ETag): most requests
list or check one user, one in ten comes with the tag of the last answer, few ask for many users.
"""

from __future__ import annotations

import os
import random

from locust import FastHttpUser, constant_throughput, task

KEY = os.environ["BENCH_KEY"]
USERS = os.environ["BENCH_USERS"].split(",")
FEATURE = os.environ["BENCH_FEATURE"]
PREFIX = os.environ["BENCH_PREFIX"]
ROUTE = f"{PREFIX}/api/v1/entitlements"
RATE = float(os.environ.get("BENCH_RATE_PER_USER", "2"))


class App(FastHttpUser):
    """One worker of a micro-app's server, with its own connection and its own memory of tags."""

    wait_time = constant_throughput(RATE)
    default_headers = {"Authorization": f"Bearer {KEY}"}  # noqa: RUF012 - Locust's own convention

    def on_start(self) -> None:
        """Know no tag yet."""
        self.tags: dict[str, str] = {}

    @task(45)
    def lists(self) -> None:
        """What may this user use?"""
        user = random.choice(USERS)
        answer = self.client.get(f"{ROUTE}?user_id={user}", name="list")
        if tag := answer.headers.get("etag"):
            self.tags[user] = tag

    @task(40)
    def checks(self) -> None:
        """May this user use this feature?"""
        user = random.choice(USERS)
        self.client.get(f"{ROUTE}/check?user_id={user}&feature_code={FEATURE}", name="check")

    @task(10)
    def asks_again(self) -> None:
        """Has anything changed since the last answer?"""
        if not self.tags:
            self.lists()
            return
        user = random.choice(list(self.tags))
        with self.client.get(
            f"{ROUTE}?user_id={user}",
            headers={"If-None-Match": self.tags[user]},
            name="304",
            catch_response=True,
        ) as answer:
            if answer.status_code == 304:
                answer.success()
            elif answer.status_code == 200:
                answer.failure("the tag was not known, and nothing has changed")

    @task(5)
    def asks_for_many(self) -> None:
        """What may these ten users use?"""
        users = random.sample(USERS, min(10, len(USERS)))
        self.client.post(f"{ROUTE}/batch", json={"user_ids": users}, name="batch of 10")
