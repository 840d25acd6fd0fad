from django.apps import AppConfig
from django.conf import settings


class SerialsConfig(AppConfig):
    """Listens to Saleor, enters the sweep into Celery's schedule and adds to the schema.

    Shops change no settings for this.
    """

    name = "saleor_serials"
    verbose_name = "Serials"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The doors import models, which exist only now.
        from saleor_serials import checks, middleware, tasks
        from saleor_serials.graphql import schema
        from saleor_serials.host import host
        from saleor_serials.orders import records
        from saleor_serials.packs import links
        from saleor_serials.web import routing

        host.connect(
            order_changed=tasks.request_reconcile,
            before_variant_deleted=records.before_variant_deleted,
            before_product_deleted=links.before_product_deleted,
            metadata_links_changed=tasks.request_links,
        )
        checks.register()
        tasks.schedule_sweep()
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, middleware.PATH, routing.PATH]
        schema.install()
