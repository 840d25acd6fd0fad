from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("saleor_serials", "0001_initial")]

    operations = [
        migrations.RenameField("sweepstate", "retry", "waiting"),
        migrations.AddField("sweepstate", "failures", models.JSONField(default=dict)),
        migrations.AddField("sweepstate", "places", models.JSONField(default=dict)),
        migrations.AddField("sweepstate", "busy_until", models.DateTimeField(null=True)),
        migrations.AddField(
            "delivery", "refused_address", models.CharField(blank=True, default="", max_length=64)
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                condition=models.Q(("refused_address__gt", ""), ("status", "failed")),
                fields=["id"],
                name="serials_delivery_refused",
            ),
        ),
    ]
