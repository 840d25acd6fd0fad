"""What the plugin adds to the API, as the owner, a customer or a stranger calls it."""

from dataclasses import dataclass
from typing import Any

from demo.api import Api
from demo.hosts import api as host_api

FREE, USED, UNASSIGNED = "FREE", "USED", "UNASSIGNED"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of a serial's history."""

    at: str
    type: str
    from_status: str
    to_status: str
    actor: str
    order: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Serial:
    """A serial as the owner sees it."""

    data: str
    status: str
    events: tuple[Event, ...]


def make_pack(owner: Api, *, name: str) -> str:
    """Make a pack; return its id."""
    made = owner.do(
        """mutation ($name: String!) {
          serialPackCreate(input: {name: $name}) {
            serialPack { id } errors { field message code index }
          }
        }""",
        name=name,
    )
    return str(made["serialPack"]["id"])


def first_pack(owner: Api) -> str:
    """The id of the pack that was made first."""
    (edge,) = owner.ask("{ serialPacks(first: 1) { edges { node { id } } } }")["serialPacks"][
        "edges"
    ]
    return str(edge["node"]["id"])


def add(owner: Api, pack: str, data: list[str], *, batch: str) -> int:
    """Put serials into a pack; return how many the new batch has.

    Raises:
        RefusedError: naming the serials that were refused; nothing was changed.
    """
    made = owner.do(
        """mutation ($pack: ID!, $data: [String!]!, $batch: String) {
          serialsCreate(input: {pack: $pack, data: $data, batchName: $batch}) {
            serialBatch { quantity } errors { field message code index }
          }
        }""",
        pack=pack,
        data=data,
        batch=batch,
    )
    return int(made["serialBatch"]["quantity"])


def link(owner: Api, pack: str, variant: str, *, quantity: int) -> None:
    """Make each unit of a variant take so many serials of a pack."""
    owner.do(
        """mutation ($pack: ID!, $variant: ID!, $quantity: Int!) {
          serialPackLinkCreate(input: {pack: $pack, variant: $variant, quantity: $quantity}) {
            errors { field message code index }
          }
        }""",
        pack=pack,
        variant=variant,
        quantity=quantity,
    )


def in_pack(owner: Api, pack: str) -> list[Serial]:
    """All serials of a pack, oldest first, each with its history."""
    asked = owner.ask(
        """query ($pack: ID!) {
          serials(filter: {packs: [$pack]}, first: 100) {
            edges { node {
              data status
              events(first: 50) { edges { node {
                type createdAt fromStatus toStatus actor orderNumber reason
              } } }
            } }
          }
        }""",
        pack=pack,
    )
    return [_serial(edge["node"]) for edge in asked["serials"]["edges"]]


def _serial(node: dict[str, Any]) -> Serial:
    return Serial(
        data=node["data"],
        status=node["status"],
        events=tuple(
            Event(
                at=event["createdAt"],
                type=event["type"],
                from_status=event["fromStatus"] or "",
                to_status=event["toStatus"] or "",
                actor=event["actor"] or "",
                order=event["orderNumber"] or "",
                reason=event["reason"] or "",
            )
            for event in (edge["node"] for edge in node["events"]["edges"])
        ),
    )


MY_ORDERS = """{ me { orders(first: 5) { edges { node {
  number
  lines { productName quantity }
  serials(first: 20) { edges { node { data status } } }
} } } } }"""


def of_my_orders(customer: Api) -> dict[str, dict[str, str]]:
    """A customer's serials, by the number of their order: data and status."""
    me = customer.ask(MY_ORDERS)["me"]
    return {
        edge["node"]["number"]: _seen(edge["node"]["serials"]) for edge in me["orders"]["edges"]
    }


def of_order(api: Api, link: str) -> dict[str, str]:
    """The serials that somebody sees who has the link to an order: data and status."""
    return _seen(api.ask(host_api.BY_LINK, link=link)["order"]["serials"])


def shortfall(customer: Api) -> int:
    """How many serials a customer is still owed."""
    me = customer.ask(
        """{ me { orders(first: 5) { edges { node { lines { serialShortfall } } } } } }"""
    )["me"]
    lines = [line for edge in me["orders"]["edges"] for line in edge["node"]["lines"]]
    return sum(line["serialShortfall"] for line in lines)


def _seen(connection: dict[str, Any] | None) -> dict[str, str]:
    edges = connection["edges"] if connection else []
    return {edge["node"]["data"]: edge["node"]["status"] for edge in edges}
