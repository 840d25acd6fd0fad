from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("saleor_serials", "0001_initial")]

    operations = [
        migrations.RenameField("sweepstate", "retry", "waiting"),
        migrations.AddField("sweepstate", "failures", models.JSONField(default=dict)),
        migrations.AddField("sweepstate", "places", models.JSONField(default=dict)),
        migrations.AddField("sweepstate", "busy_until", models.DateTimeField(null=True)),
    ]
