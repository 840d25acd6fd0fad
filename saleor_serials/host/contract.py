"""The seam on one page: every name that crosses between Saleor and the rest of the package.

``Host`` is what ``saleor2`` and ``saleor3`` offer, ``Api`` what ``api2`` and ``api3`` do. mypy
holds all four against it, whichever Saleor is installed; a test does the installed two at run time.
Saleor, Django and graphene have no types: their own classes and rows are ``Any`` here.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models import QuerySet

from saleor_serials.host.shapes import (
    Actor,
    Changes,
    OrderOwner,
    OrderSnapshot,
    PluginState,
    Recipient,
    Sender,
    Target,
)


class Host(Protocol):
    """Saleor's database, plugins, signals, stock, mail and Celery."""

    # Where the host calls us.

    BasePlugin: Any
    """The base class of plugins: ``CheckedPlugin`` before the host's own."""

    celery_app: Any
    """The Celery app that the shop's workers run."""

    def connect(
        self,
        *,
        order_changed: Callable[[str], None],
        before_variant_deleted: Callable[[int], None],
        before_product_deleted: Callable[[int], None],
        metadata_links_changed: Callable[[Target], None],
    ) -> None:
        """Call back where the host calls no plugin hook. Once per process."""

    def plugin_state(self, plugin_id: str, *, default_active: bool) -> PluginState:
        """Read how the shop has set a plugin."""

    def schedule(self, name: str, *, task_name: str, every: timedelta) -> None:
        """Enter a task into Celery beat's schedule, unless the shop has an entry of this name."""

    def secret_keys(self) -> tuple[str, ...]:
        """Return the shop's secret, and behind it the former ones that still count."""

    def setting(self, *, default: str | bool, label: str, help_text: str) -> dict[str, str]:
        """Describe one plugin setting as the host's settings page shows it."""

    def task(self, name: str) -> Callable[[Callable[..., Any]], Any]:
        """Make a function a Celery task of the host's own app, allowed to write."""

    # Orders, by text id.

    ORDERS: str
    """The query for the ``id`` of every order."""

    UNPAID_ORDERS: str
    """The query for the ``id`` of orders that cost something and for which no money came in."""

    def changed_orders(self, cursor: Mapping[str, Any], *, not_before: datetime) -> Changes:
        """Find orders that may have changed since ``cursor``, from ``not_before`` on."""

    def dead_orders(self) -> QuerySet[Any]:
        """The ids of orders that were cancelled or have expired, for use as a subquery."""

    def find_orders(self, texts: Iterable[str]) -> dict[str, str]:
        """Find orders by number or id: their ids by text."""

    def fulfill(self, order_id: str, units: Mapping[str, int]) -> None:
        """Fulfil so many more units of these lines, without an e-mail; NotFulfillable."""

    def fulfilled_units(self, order_id: str) -> dict[str, int]:
        """Lock an order's lines that need no shipping; count the units fulfilled of each."""

    def line_global_id(self, line_id: str) -> str:
        """Return what the host's GraphQL calls an order line."""

    def order_of_line(self, line_id: str) -> str | None:
        """Return the id of a line's order; None if there is no such line."""

    def order_owners(self, order_ids: Iterable[str]) -> dict[str, OrderOwner]:
        """Say who may see each order's serials."""

    def order_snapshot(self, order_id: str) -> OrderSnapshot | None:
        """Read an order as it stands now; None if it does not exist."""

    def order_snapshots(self, order_ids: Iterable[str]) -> dict[str, OrderSnapshot]:
        """Read orders as they stand now, by id; those that do not exist are missing."""

    def orders_of_lines(self, line_ids: Iterable[str]) -> dict[str, str]:
        """Find the orders of order lines: their ids by line."""

    def orders_of_user(self, user_id: int) -> QuerySet[Any]:
        """The ids of an account's orders, for use as a subquery."""

    def orders_with_variant(self, variant_id: int, *, since: datetime) -> QuerySet[Any]:
        """The ids of orders placed since then that hold a variant, for use as a subquery."""

    def owned_orders(self) -> QuerySet[Any]:
        """The ids of orders that belong to an account, for use as a subquery."""

    # Variants, products and their stock.

    ALLOCATED_UNITS: str
    """The query for the units that lines have allocated of ``%(variants)s`` in ``%(warehouse)s``:
    ``variant_id``, ``line_id``, ``order_id``, ``placed_at``, ``units``."""

    VARIANTS: str
    """The query for every variant: its ``id`` and its ``product_id``."""

    def has_target(self, target: Target) -> bool:
        """Tell whether a variant or product exists."""

    def has_warehouse(self, slug: str) -> bool:
        """Tell whether a warehouse exists."""

    def lock_stock(self, slug: str, variant_ids: Iterable[int]) -> bool:
        """Lock variants' stock in a warehouse for the transaction; False if there is none."""

    def product_ids(self, names: Collection[str]) -> dict[str, int]:
        """Find products by slug or id: their ids by name."""

    def products(self, product_ids: Iterable[int]) -> dict[int, Any]:
        """Read the rows of products, by id."""

    def stock_in(self, slug: str, variant_ids: Iterable[int]) -> dict[int, int]:
        """Read how many of each variant a warehouse has; without those it does not keep."""

    def variant_ids(self, skus: Collection[str]) -> dict[str, int]:
        """Find variants by SKU: their ids by SKU."""

    def variants(self, variant_ids: Iterable[int]) -> dict[int, Any]:
        """Read the rows of variants, by id."""

    def write_stock(self, slug: str, quantities: Mapping[int, int]) -> None:
        """Write how many of each variant a warehouse has, where it says otherwise."""

    # Private metadata.

    def add_customer_points(self, user_id: int, points: int) -> None:
        """Add points to those in a customer's metadata."""

    def customer_groups(self, user_id: int) -> frozenset[str]:
        """Read the groups in a customer's metadata."""

    def drop_copied_serials(self, order_ids: Iterable[str]) -> None:
        """Remove from orders the serials that the host copied out of another order."""

    def is_out_of_sync(self, target: Target, *, length: int) -> bool:
        """Tell whether a target's metadata links differ from what was last read."""

    def join_customer_group(self, user_id: int, group: str) -> None:
        """Add a group to those in a customer's metadata, unless it is there."""

    def mentions_serials(self, row: Any) -> bool:
        """Tell whether a row's private metadata, as it was loaded, has a key of ours."""

    def metadata_links_text(self, target: Target, *, length: int) -> str | None:
        """Read a target's metadata links as JSON, cut off after ``length``; None if it has none."""

    def out_of_sync_targets(self, *, length: int, most: int) -> list[Target]:
        """Find targets whose metadata links differ from what was last read."""

    def write_metadata_links_problem(self, target: Target) -> None:
        """Write beside a target's metadata links why they cannot be made, or remove that."""

    def write_serials(self, order_id: str, text: str | None, lines: Mapping[str, str]) -> None:
        """Write serials into the metadata of an order and its lines; None removes them."""

    # People, channels, mail.

    def group_names(self, group_ids: Iterable[int]) -> dict[int, str]:
        """Read the names of staff groups; those that do not exist are missing."""

    def known_channels(self, slugs: Collection[str]) -> frozenset[str]:
        """Find those slugs that are a channel's."""

    def recipient(self, order_id: str) -> Recipient | None:
        """Say who is told about an order; None if the order does not exist."""

    def sender(self, channel: str | None) -> Sender:
        """Say how the shop sends mail to customers of a channel, or, without one, to staff."""

    def staff_addresses(self) -> list[str]:
        """Read the addresses that the host tells about new orders."""

    # The database driver.

    def copy_rows(self, statement: str, blocks: Iterable[bytes]) -> None:
        """Run a ``COPY … FROM STDIN`` on blocks of whole lines."""


class Api(Protocol):
    """The host's GraphQL. Its classes are bases and types for fields, hence ``Any``."""

    CountableConnection: Any
    """The base class of connections."""

    DataLoader: Any
    """The base class of loaders; its ``batch_load`` reads the writing database."""

    DateTime: Any
    DateTimeRangeInput: Any
    JSONString: Any
    OrderDirection: Any
    Product: Any
    ProductVariant: Any
    Upload: Any
    MetadataInput: Any
    MetadataItem: Any

    Mutation: Any
    """The base class of mutations; ``Meta`` takes a ``permission`` and an ``error_type_class``."""

    def actor(self, context: Any) -> Actor:
        """Say who makes a request."""

    def actor_names(self, actors: Iterable[str]) -> dict[str, str]:
        """Say how staff know actors of the history; those that were deleted are missing."""

    def add_root_fields(self, *, queries: Mapping[str, Any], mutations: Mapping[str, Any]) -> None:
        """Add fields to the roots of the host's schema; SchemaAlreadyBuilt."""

    def add_type_fields(self, fields: Mapping[str, Mapping[str, Any]]) -> None:
        """Add fields to types of the host, by the type's name; SchemaAlreadyBuilt."""

    def permission_denied(self, permission: str) -> Exception:
        """Make the host's own refusal."""

    def reading(self) -> AbstractContextManager[None]:
        """Let a resolver read the writing database while the block runs."""

    def schema(self) -> Any:
        """Return the host's schema, built at the first call."""

    def unwrap(self, root: Any) -> Any:
        """Return the row behind what a resolver is given."""

    def uploaded_file(self, context: Any, given: Any) -> Any:
        """Find the file of a multipart request that an ``Upload`` names; None if there is none."""

    def wrap_product(self, product: Any) -> Any:
        """Make a product's row what the host's own resolvers expect."""

    def wrap_variant(self, variant: Any) -> Any:
        """Make a variant's row what the host's own resolvers expect."""
