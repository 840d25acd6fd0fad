"""Variants and products, which both hosts keep in the same columns."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q
from saleor.product.models import Product, ProductVariant

from saleor_serials.host.shapes import Target

_MODELS = {"product": Product, "variant": ProductVariant}

VARIANTS = "SELECT id, product_id FROM product_productvariant"


def has_target(target: Target) -> bool:
    """Tell whether a variant or product exists. One statement."""
    return bool(_MODELS[target.kind].objects.filter(pk=target.id).exists())


def variants(variant_ids: Iterable[int]) -> dict[int, Any]:
    """Read the rows of variants, by id. One statement."""
    return dict(ProductVariant.objects.in_bulk(variant_ids))


def products(product_ids: Iterable[int]) -> dict[int, Any]:
    """Read the rows of products, by id. One statement."""
    return dict(Product.objects.in_bulk(product_ids))


def variant_ids(skus: Collection[str]) -> dict[str, int]:
    """Find variants by SKU: their ids by SKU. One statement."""
    return dict(ProductVariant.objects.filter(sku__in=skus).values_list("sku", "pk"))


def product_ids(names: Collection[str]) -> dict[str, int]:
    """Find products by slug or id: their ids by name. One statement.

    A slug may be a number as well; it comes before an id.
    """
    numbers = {int(name) for name in names if name.isascii() and name.isdigit() and len(name) < 10}
    found = Product.objects.filter(Q(slug__in=names) | Q(pk__in=numbers)).values_list("slug", "pk")
    return {str(pk): pk for _, pk in found} | dict(found)
