"""What changes in Stripe's dashboard comes about here, by the deployed roles."""

from __future__ import annotations

from tests.support.e2e import Json, Service, a_user, eventually


def the_product(service: Service) -> Json:
    """The lifetime product, as the catalog has it."""
    path = f"/api/v1/admin/projects/{service.project_id}/catalog"
    catalog = service.call("GET", path, key=service.admin_key).ok()
    found: Json = next(p for p in catalog["products"] if p["id"] == "lifetime")
    return found


def test_a_product_renamed_at_stripe_is_renamed_in_the_catalog(service: Service) -> None:
    before = the_product(service)

    def rename(name: str) -> None:
        service.stripe("POST", f"products/{before['stripe_product_id']}", name=name)
        eventually(lambda: the_product(service)["name"], lambda seen: seen == name)

    rename("For ever")
    rename(before["name"])


def test_a_lost_dispute_ends_access(service: Service) -> None:
    user_id = a_user("disputer")
    service.buy(user_id, "lifetime")
    eventually(lambda: service.features(user_id))
    customer = service.account(user_id)["account"]["customer_id"]
    (charge,) = service.stripe("GET", f"charges?customer={customer}")["data"]
    service.fake(f"charges/{charge['id']}/dispute")
    service.fake(f"charges/{charge['id']}/dispute/close", outcome="lost")
    eventually(lambda: service.features(user_id), lambda seen: seen == {})
