"""The whole first schema, checked by hand: valid on Django 3.2 to 5.2."""

import django.contrib.postgres.fields
from django.db import migrations, models
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import saleor_serials.models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('product', '0117_auto_20200423_0737'),
    ]

    operations = [
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('line_id', models.CharField(max_length=36)),
                ('customer', models.CharField(max_length=320)),
                ('per_unit', models.PositiveIntegerField()),
                ('granted', models.PositiveIntegerField(default=0)),
                ('withheld', models.PositiveIntegerField(default=0)),
                ('wanted', models.PositiveIntegerField(default=0)),
                ('held', models.PositiveIntegerField(default=0)),
                ('owed_since', models.DateTimeField(null=True)),
                ('product_name', models.CharField(max_length=400)),
                ('variant_name', models.CharField(blank=True, max_length=255)),
                ('sku', models.CharField(blank=True, max_length=255)),
            ],
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=250)),
                ('quantity', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('serial_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('status', models.CharField(default=saleor_serials.models.DeliveryStatus['PENDING'], max_length=16)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('sent_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, default='', max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('type', models.CharField(max_length=32)),
                ('line_id', models.CharField(blank=True, default='', max_length=36)),
                ('from_status', models.CharField(blank=True, default='', max_length=16)),
                ('to_status', models.CharField(blank=True, default='', max_length=16)),
                ('quantity', models.PositiveIntegerField(null=True)),
                ('actor', models.CharField(default='system', max_length=64)),
                ('reason', models.CharField(blank=True, default='', max_length=250)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='OrderRecord',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('order_id', models.CharField(max_length=36, unique=True)),
                ('number', models.CharField(max_length=64)),
                ('customer', models.CharField(max_length=320)),
                ('placed_at', models.DateTimeField()),
                ('paid_at', models.DateTimeField(null=True)),
                ('lines', models.JSONField(default=list)),
                ('noted', models.JSONField(default=dict)),
                ('mirror', models.CharField(blank=True, default=saleor_serials.models.Mirror['ABSENT'], max_length=8)),
                ('fulfill_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Pack',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('slug', models.SlugField(allow_unicode=True, max_length=255, unique=True)),
                ('name', models.CharField(max_length=250)),
                ('description', models.TextField(blank=True, default='')),
                ('is_published', models.BooleanField(default=True)),
                ('is_consumable', models.BooleanField(default=False)),
                ('status_on_refund', models.CharField(default=saleor_serials.models.SerialStatus['UNASSIGNED'], max_length=16)),
                ('pick_order', models.CharField(default=saleor_serials.models.PickOrder['OLDEST'], max_length=16)),
                ('vendor_group_id', models.IntegerField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='SweepState',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('cursor', models.JSONField(default=dict)),
                ('retry', models.JSONField(default=list)),
                ('active_since', models.DateTimeField(null=True)),
                ('swept_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Wish',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=8)),
                ('target_id', models.IntegerField()),
                ('text', models.TextField(null=True)),
                ('problem', models.TextField(blank=True, default='')),
            ],
        ),
        migrations.CreateModel(
            name='Serial',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('data', models.TextField()),
                ('digest', models.BinaryField(max_length=32)),
                ('extra', models.JSONField(blank=True, default=dict)),
                ('status', models.CharField(default=saleor_serials.models.SerialStatus['FREE'], max_length=16)),
                ('position', models.BigIntegerField()),
                ('customer', models.CharField(blank=True, default='', max_length=320)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('assigned_at', models.DateTimeField(null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('consumed_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('assignment', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='serials', to='saleor_serials.assignment')),
                ('batch', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='serials', to='saleor_serials.batch')),
                ('pack', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='serials', to='saleor_serials.pack')),
            ],
        ),
        migrations.CreateModel(
            name='PackLink',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('quantity', models.PositiveIntegerField()),
                ('from_metadata', models.BooleanField(default=False)),
                ('since', models.DateTimeField(default=django.utils.timezone.now)),
                ('until', models.DateTimeField(null=True)),
                ('pack', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links', to='saleor_serials.pack')),
                ('product', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='product.product')),
                ('variant', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='product.productvariant')),
            ],
        ),
        migrations.AddIndex(
            model_name='orderrecord',
            index=models.Index(fields=['customer'], name='serials_record_customer'),
        ),
        migrations.AddIndex(
            model_name='orderrecord',
            index=models.Index(condition=models.Q(('mirror', 'due')), fields=['id'], name='serials_record_mirror_due'),
        ),
        migrations.AddConstraint(
            model_name='wish',
            constraint=models.UniqueConstraint(fields=('kind', 'target_id'), name='serials_wish_once'),
        ),
        migrations.AddIndex(
            model_name='orderrecord',
            index=models.Index(condition=models.Q(('fulfill_at__isnull', False)), fields=['fulfill_at'], name='serials_record_fulfill_at'),
        ),
        migrations.AddField(
            model_name='event',
            name='batch',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='saleor_serials.batch'),
        ),
        migrations.AddField(
            model_name='event',
            name='order',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='saleor_serials.orderrecord'),
        ),
        migrations.AddField(
            model_name='event',
            name='serial',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='saleor_serials.serial'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='saleor_serials.orderrecord'),
        ),
        migrations.AddField(
            model_name='batch',
            name='pack',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='saleor_serials.pack'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='saleor_serials.orderrecord'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='pack',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='saleor_serials.pack'),
        ),
        migrations.AddIndex(
            model_name='serial',
            index=models.Index(condition=models.Q(('status', 'free')), fields=['pack', 'position'], name='serials_serial_free'),
        ),
        migrations.AddIndex(
            model_name='serial',
            index=models.Index(condition=models.Q(('assignment__isnull', True), models.Q(('customer', ''), _negated=True)), fields=['pack', 'customer', 'position'], name='serials_serial_own'),
        ),
        migrations.AddIndex(
            model_name='serial',
            index=models.Index(condition=models.Q(('assignment__isnull', False)), fields=['assignment'], name='serials_serial_held'),
        ),
        migrations.AddIndex(
            model_name='serial',
            index=models.Index(condition=models.Q(('customer', ''), _negated=True), fields=['customer', 'id'], name='serials_serial_customer'),
        ),
        migrations.AddIndex(
            model_name='serial',
            index=models.Index(fields=['pack', 'status', 'id'], name='serials_serial_page'),
        ),
        migrations.AddIndex(
            model_name='serial',
            index=models.Index(fields=['batch', 'id'], name='serials_serial_batch'),
        ),
        migrations.AddConstraint(
            model_name='serial',
            constraint=models.UniqueConstraint(fields=('pack', 'digest'), name='serials_serial_once_per_pack'),
        ),
        migrations.AddConstraint(
            model_name='serial',
            constraint=models.CheckConstraint(check=models.Q(models.Q(('assignment__isnull', True), ('consumed_at__isnull', True), ('customer', ''), ('status', 'free')), models.Q(models.Q(('assignment__isnull', True), ('consumed_at__isnull', True)), models.Q(('customer', ''), _negated=True), ('status__in', ['reserved', 'unassigned'])), models.Q(models.Q(('customer', ''), _negated=True), ('consumed_at__isnull', True), ('status', 'assigned')), models.Q(('status', 'used'), models.Q(models.Q(('customer', ''), _negated=True), ('consumed_at__isnull', False), _connector='OR')), models.Q(('assignment__isnull', True), ('status', 'deleted')), _connector='OR'), name='serials_serial_status'),
        ),
        migrations.AddConstraint(
            model_name='packlink',
            constraint=models.UniqueConstraint(condition=models.Q(('until__isnull', True), ('variant__isnull', False)), fields=('variant', 'pack'), name='serials_link_once_per_variant'),
        ),
        migrations.AddConstraint(
            model_name='packlink',
            constraint=models.UniqueConstraint(condition=models.Q(('product__isnull', False), ('until__isnull', True)), fields=('product', 'pack'), name='serials_link_once_per_product'),
        ),
        migrations.AddConstraint(
            model_name='packlink',
            constraint=models.CheckConstraint(check=models.Q(('quantity__gte', 1)), name='serials_link_quantity'),
        ),
        migrations.AddConstraint(
            model_name='packlink',
            constraint=models.CheckConstraint(check=models.Q(models.Q(('product__isnull', True), ('variant__isnull', False)), models.Q(('product__isnull', False), ('variant__isnull', True)), _connector='OR'), name='serials_link_one_target'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('serial__isnull', False)), fields=['serial', 'id'], name='serials_event_serial'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('batch__isnull', False), ('serial__isnull', True)), fields=['batch', 'id'], name='serials_event_batch'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('order__isnull', False), ('serial__isnull', True)), fields=['order', 'id'], name='serials_event_order'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status', 'pending')), fields=['due_at'], name='serials_delivery_due'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('wanted__gt', django.db.models.expressions.F('held'))), fields=['pack', 'owed_since', 'id'], name='serials_assignment_short'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(fields=('line_id', 'pack'), name='serials_assignment_once_per_line'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(check=models.Q(('wanted', 0), ('owed_since__isnull', False), _connector='OR'), name='serials_assignment_owed_since'),
        ),
        # A sold serial leaves a dead entry at the head of the index that claims read: vacuum
        # early, and by number rather than by a share of a table that may hold ten million.
        migrations.RunSQL(
            """
            ALTER TABLE saleor_serials_serial SET (
                autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 10000
            )
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        # History is append-only.
        migrations.RunSQL(
            """
            CREATE FUNCTION saleor_serials_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'the history of serials is append-only';
            END $$;
            CREATE TRIGGER saleor_serials_keep_history
                BEFORE UPDATE OR DELETE ON saleor_serials_event
                FOR EACH ROW EXECUTE FUNCTION saleor_serials_keep_history();
            CREATE TRIGGER saleor_serials_keep_all_history
                BEFORE TRUNCATE ON saleor_serials_event
                FOR EACH STATEMENT EXECUTE FUNCTION saleor_serials_keep_history()
            """,
            reverse_sql="""
            DROP TRIGGER saleor_serials_keep_all_history ON saleor_serials_event;
            DROP TRIGGER saleor_serials_keep_history ON saleor_serials_event;
            DROP FUNCTION saleor_serials_keep_history()
            """,
        ),
    ]
