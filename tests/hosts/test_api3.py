"""What only Saleor 3 does with a schema: costs, webhooks, cached introspection, a replica."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connections

from saleor_serials import __version__
from saleor_serials.host import host, installed_modules, installed_version
from saleor_serials.host.shapes import Target
from saleor_serials.models import Pack
from tests import making
from tests.graphql.api import ask, gid, nodes, people, post
from tests.hosts import shop

pytestmark = pytest.mark.skipif(
    installed_modules()[1] != "api3", reason="another host, another schema"
)

if installed_modules()[1] == "api3":
    from saleor.core.db.connection import UnsafeWriterAccessError
    from saleor.graphql.webhook.subscription_query import SubscriptionQuery
    from saleor.webhook.models import Webhook

PACKS = """query ($first: Int) {
  serialPacks(first: $first) { edges { node { name } } }
}"""


def cost(query: str, *, by: Any, **variables: Any) -> int:
    answer = post(query, variables, by=by)
    assert "errors" not in answer, answer["errors"]
    found: int = answer["extensions"]["cost"]["requestedQueryCost"]
    return found


def test_a_page_of_ours_costs_by_its_rows_as_saleors_own_do(settings: Any) -> None:
    settings.GRAPHQL_QUERY_MAX_COMPLEXITY = 50_000
    staff = people.make_staff("MANAGE_PRODUCTS")
    ours = "query ($first: Int) { serialPacks(first: $first) { edges { node { name } } } }"
    theirs = "query ($first: Int) { products(first: $first) { edges { node { name } } } }"

    costs = [cost(ours, by=staff, first=first) for first in (1, 10, 100)]

    assert costs == [1, 10, 100]
    assert costs == [cost(theirs, by=staff, first=first) for first in (1, 10, 100)]


def test_what_lies_below_a_page_costs_for_each_of_its_rows(settings: Any) -> None:
    settings.GRAPHQL_QUERY_MAX_COMPLEXITY = 50_000
    staff = people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")
    query = """query ($first: Int) { orders(first: $first) { edges { node {
      lines { serials(first: 10) { edges { node { pack { name } } } } }
    } } } }"""

    assert cost(query, by=staff, first=20) - cost(query, by=staff, first=10) >= 10 * 10


def test_a_query_that_asks_for_too_much_of_ours_is_refused(settings: Any) -> None:
    settings.GRAPHQL_QUERY_MAX_COMPLEXITY = 50
    staff = people.make_staff("MANAGE_PRODUCTS")

    [refused] = post(PACKS, {"first": 100}, by=staff)["errors"]

    assert refused["extensions"]["exception"]["code"] == "QueryCostError"


@contextmanager
def receiver() -> Iterator[tuple[str, list[Any]]]:
    """A server that webhooks are sent to; yields its URL and what came."""
    came: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


WEBHOOK = """subscription { event { ... on OrderUpdated { order {
  number
  serials(first: 5) { edges { node { data } } }
  lines { serialShortfall serials(first: 5) { edges { node { data } } } }
} } } }"""


def subscribe(app: Any, url: str) -> None:
    webhook = Webhook.objects.create(
        app=app, name="Orders", target_url=url, subscription_query=WEBHOOK, is_active=True
    )
    webhook.events.create(event_type="order_updated")


def test_a_webhooks_subscription_may_ask_for_serials() -> None:
    assert SubscriptionQuery(WEBHOOK).error_msg == ""


def test_an_app_that_manages_orders_receives_serials_by_webhook() -> None:
    pack = making.make_pack(webservice_access=True)
    making.make_serials(pack, 2)
    order_id = making.paid_order(making.make_link(pack), units=3)
    app = people.make_app("MANAGE_ORDERS")

    with receiver() as (url, came):
        subscribe(app, url)
        shop.call_hook("order_updated", order_id)

    [payload] = came
    data = making.held(order_id)
    assert [node["data"] for node in nodes(payload["order"]["serials"])] == data
    [line] = payload["order"]["lines"]
    assert [node["data"] for node in nodes(line["serials"])] == data
    assert (len(data), line["serialShortfall"]) == (2, 1)


@pytest.mark.skipif(installed_version() < "3.22", reason="3.21 has no suffix")
def test_cached_introspection_is_forgotten_when_the_plugin_comes_or_changes() -> None:
    assert django_settings.GRAPHQL_CACHE_SUFFIX.endswith(f"serials-{__version__}")


def test_a_row_of_saleors_that_we_return_can_be_asked_all_that_saleor_knows() -> None:
    link = making.make_link(making.make_pack())
    people.show(link.variant)
    staff = people.make_staff("MANAGE_PRODUCTS")

    pack = ask(
        """query ($id: ID!) { serialPack(id: $id) { links { variant {
          name sku metadata { key } channelListings { price { amount } } product {
            name channel variants { name } productType { name }
          }
        } } } }""",
        {"id": gid("SerialPack", link.pack_id)},
        by=staff,
    )["serialPack"]

    [found] = pack["links"]
    assert found["variant"]["sku"] == link.variant.sku
    assert found["variant"]["channelListings"] == [{"price": {"amount": 10.0}}]
    assert found["variant"]["product"] == {
        "name": link.variant.product.name,
        "channel": None,
        "variants": [{"name": link.variant.name}],
        "productType": {"name": "Licence"},
    }


def test_every_task_may_write_where_saleor_refuses_what_was_not_allowed() -> None:
    @host.celery_app.task
    def not_allowed() -> int:
        return Pack.objects.using("default").count()

    names = [name for name in host.celery_app.tasks if name.startswith("saleor_serials.")]

    nobody = str(uuid4())
    arguments: dict[str, Any] = {
        "saleor_serials.follow_stock": [0],
        "saleor_serials.fulfill_order": [nobody],
        "saleor_serials.sync_metadata_links": [Target(kind="variant", id=0).key],
        "saleor_serials.reconcile_order": [nobody],
        "saleor_serials.run_job": [0],
        "saleor_serials.send_delivery": [0],
        "saleor_serials.settle_pack": [0],
        "saleor_serials.write_metadata": [nobody],
        "saleor_serials.sweep": [],
    }
    outcomes = {name: host.celery_app.tasks[name].apply(arguments[name]) for name in names}

    states = {name: outcome.state for name, outcome in outcomes.items()}
    assert states == dict.fromkeys(arguments, "SUCCESS")
    with pytest.raises(UnsafeWriterAccessError):
        not_allowed.apply(throw=True)


def test_what_was_just_bought_is_read_from_the_writer_not_from_a_replica_that_lags() -> None:
    order_id = making.paid_order(making.make_link(making.make_pack()))
    staff = people.make_staff("MANAGE_ORDERS")
    read: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "saleor_serials" in sql:
            read.append(context["connection"].alias)
        return execute(sql, params, many, context)

    with connections["default"].execute_wrapper(note), connections["replica"].execute_wrapper(note):
        ask(
            "query ($id: ID!) { order(id: $id) { lines { serialShortfall } } }",
            {"id": gid("Order", order_id)},
            by=staff,
        )

    assert set(read) == {"default"}
