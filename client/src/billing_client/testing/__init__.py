"""For the tests of an app: the client over a service in memory, and a clock to turn.

billing = FakeBilling()
billing.grant("user-1", "export")
assert billing.can("user-1", "export")
"""

from billing_client.testing.clients import FakeAsyncBilling, FakeBilling
from billing_client.testing.clock import ManualClock
from billing_client.testing.routes import Seen
from billing_client.testing.service import FakeService

__all__ = ["FakeAsyncBilling", "FakeBilling", "FakeService", "ManualClock", "Seen"]
