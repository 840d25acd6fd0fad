"""The whole first schema, checked by hand: valid on Django 3.2 to 5.2."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.utils.timezone
import saleor_serials.models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('product', '0117_auto_20200423_0737'),
    ]

    operations = [
        # For search by a part of the data. Saleor 3 has it already, and indexes of its own that need
        # it: it stays when our tables go.
        migrations.RunSQL(
            'CREATE EXTENSION IF NOT EXISTS pg_trgm', reverse_sql=migrations.RunSQL.noop
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('line_id', models.CharField(blank=True, default='', max_length=36)),
                ('customer', models.CharField(max_length=320)),
                ('per_unit', models.PositiveIntegerField()),
                ('granted', models.PositiveIntegerField(default=0)),
                ('withheld', models.PositiveIntegerField(default=0)),
                ('entitled', models.PositiveIntegerField(default=0)),
                ('held', models.PositiveIntegerField(default=0)),
                ('entitled_since', models.DateTimeField(null=True)),
                ('product_name', models.CharField(max_length=400)),
                ('variant_name', models.CharField(blank=True, max_length=255)),
                ('sku', models.CharField(blank=True, max_length=255)),
                ('variant_id', models.IntegerField(null=True)),
                ('product_id', models.IntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=250)),
                ('quantity', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('metadata', models.JSONField(blank=True, default=dict)),
                ('private_metadata', models.JSONField(blank=True, default=dict)),
                ('external_reference', models.CharField(max_length=250, null=True, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='CountChange',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('status', models.CharField(max_length=16)),
                ('change', models.BigIntegerField()),
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
                ('title', models.CharField(blank=True, default='', max_length=100)),
                ('reason', models.CharField(blank=True, default='', max_length=250)),
                ('happened_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=16)),
                ('status', models.CharField(default=saleor_serials.models.JobStatus['WAITING'], max_length=16)),
                ('pack_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True, size=None)),
                ('input', models.JSONField(default=dict)),
                ('progress', models.JSONField(default=dict)),
                ('file_name', models.CharField(blank=True, default='', max_length=255)),
                ('file_digest', models.CharField(blank=True, default='', max_length=64)),
                ('total', models.BigIntegerField(null=True)),
                ('done', models.BigIntegerField(default=0)),
                ('skipped', models.BigIntegerField(default=0)),
                ('problems', models.JSONField(default=list)),
                ('problem_count', models.PositiveIntegerField(default=0)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('actor', models.CharField(default='system', max_length=64)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='JobPart',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('content', models.BinaryField()),
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
                ('entitled_at', models.DateTimeField(null=True)),
                ('lines', models.JSONField(default=list)),
                ('closed_pack_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('refunded', models.DecimalField(decimal_places=3, max_digits=20, null=True)),
                ('payment_issue', models.CharField(blank=True, default='', max_length=32)),
                ('entitled_at_issue', models.JSONField(null=True)),
                ("metadata_copy", models.CharField(blank=True, default=saleor_serials.models.MetadataCopy['ABSENT'], max_length=8)),
                ('fulfill_at', models.DateTimeField(null=True)),
                ('fulfillment_problem', models.TextField(blank=True, default='')),
                ('fulfillment_attempts', models.PositiveIntegerField(default=0)),
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
                ('shows_name', models.BooleanField(default=False)),
                ('type', models.CharField(default=saleor_serials.models.PackType['CONTINUOUS'], max_length=16)),
                ('source', models.CharField(default=saleor_serials.models.PackSource['STOCK'], max_length=16)),
                ('generator', models.CharField(blank=True, default='', max_length=64)),
                ('generator_settings', models.JSONField(blank=True, default=dict)),
                ('renderer', models.CharField(blank=True, default='', max_length=64)),
                ('renderer_settings', models.JSONField(blank=True, default=dict)),
                ('consumers', models.JSONField(blank=True, default=list)),
                ('is_published', models.BooleanField(default=True)),
                ('is_consumable', models.BooleanField(default=False)),
                ('is_unlimited', models.BooleanField(default=False)),
                ('checks_user', models.BooleanField(default=True)),
                ('assigns_user', models.BooleanField(default=True)),
                ('webservice_access', models.BooleanField(default=False)),
                ('status_on_refund', models.CharField(default=saleor_serials.models.SerialStatus['UNASSIGNED'], max_length=16)),
                ('pick_order', models.CharField(default=saleor_serials.models.PickOrder['OLDEST'], max_length=16)),
                ('vendor_group_id', models.IntegerField(null=True)),
                ('customer_groups', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, default=list, size=None)),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), blank=True, default=list, size=None)),
                ('size_limit', models.PositiveIntegerField(null=True)),
                ('batch_limit', models.PositiveIntegerField(null=True)),
                ('notice_below', models.PositiveIntegerField(null=True)),
                ('noticed_at', models.DateTimeField(null=True)),
                ('archived_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('public_fields', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, default=list, size=None)),
                ('metadata', models.JSONField(blank=True, default=dict)),
                ('private_metadata', models.JSONField(blank=True, default=dict)),
                ('external_reference', models.CharField(max_length=250, null=True, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='PackCount',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('status', models.CharField(max_length=16)),
                ('quantity', models.BigIntegerField()),
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
            ],
        ),
        migrations.CreateModel(
            name='PackSequence',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('next', models.BigIntegerField()),
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
                ('metadata', models.JSONField(blank=True, default=dict)),
                ('private_metadata', models.JSONField(blank=True, default=dict)),
                ('external_reference', models.CharField(max_length=250, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SigningKey',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('secret', models.BinaryField()),
                ('public', models.BinaryField(max_length=32)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
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
            name='VendorGroup',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('group_id', models.IntegerField(unique=True)),
                ('rights', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
            ],
        ),
        migrations.CreateModel(
            name='MetadataLinks',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=8)),
                ('target_id', models.IntegerField()),
                ('text', models.TextField(null=True)),
                ('problem', models.TextField(blank=True, default='')),
            ],
        ),
        migrations.AddConstraint(
            model_name='metadatalinks',
            constraint=models.UniqueConstraint(fields=('kind', 'target_id'), name='serials_metadata_links_once'),
        ),
        migrations.AddField(
            model_name='signingkey',
            name='pack',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='signing_key', to='saleor_serials.pack'),
        ),
        migrations.AddField(
            model_name='serial',
            name='assignment',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='serials', to='saleor_serials.assignment'),
        ),
        migrations.AddField(
            model_name='serial',
            name='batch',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='serials', to='saleor_serials.batch'),
        ),
        migrations.AddField(
            model_name='serial',
            name='pack',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='serials', to='saleor_serials.pack'),
        ),
        migrations.AddField(
            model_name='packsequence',
            name='pack',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='sequence', to='saleor_serials.pack'),
        ),
        migrations.AddField(
            model_name='packlink',
            name='pack',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links', to='saleor_serials.pack'),
        ),
        migrations.AddField(
            model_name='packlink',
            name='product',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='product.product'),
        ),
        migrations.AddField(
            model_name='packlink',
            name='variant',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='product.productvariant'),
        ),
        migrations.AddField(
            model_name='packcount',
            name='pack',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='counts', to='saleor_serials.pack'),
        ),
        migrations.AddConstraint(
            model_name='pack',
            constraint=models.CheckConstraint(check=models.Q(('source', 'stock'), models.Q(('generator', ''), _negated=True), _connector='OR'), name='serials_pack_source'),
        ),
        migrations.AddConstraint(
            model_name='pack',
            constraint=models.CheckConstraint(check=models.Q(('archived_at__isnull', True), ('is_published', False), _connector='OR'), name='serials_pack_archived'),
        ),
        migrations.AddIndex(
            model_name='orderrecord',
            index=models.Index(fields=['customer'], name='serials_record_customer'),
        ),
        migrations.AddIndex(
            model_name='orderrecord',
            index=models.Index(condition=models.Q(("metadata_copy", 'due')), fields=['id'], name='serials_record_metadata_due'),
        ),
        migrations.AddIndex(
            model_name='orderrecord',
            index=models.Index(condition=models.Q(('fulfill_at__isnull', False)), fields=['fulfill_at'], name='serials_record_fulfill_at'),
        ),
        migrations.AddField(
            model_name='jobpart',
            name='job',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='saleor_serials.job'),
        ),
        migrations.AddField(
            model_name='job',
            name='batch',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='saleor_serials.batch'),
        ),
        migrations.AddField(
            model_name='job',
            name='pack',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='jobs', to='saleor_serials.pack'),
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
            model_name='countchange',
            name='pack',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='saleor_serials.pack'),
        ),
        migrations.AddField(
            model_name='batch',
            name='pack',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='saleor_serials.pack'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='order',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='saleor_serials.orderrecord'),
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
            index=models.Index(fields=['batch', 'status', 'id'], name='serials_serial_batch'),
        ),
        migrations.AddIndex(
            model_name='serial',
            index=models.Index(fields=['created_at', 'id'], name='serials_serial_created'),
        ),
        migrations.AddIndex(
            model_name='serial',
            index=models.Index(condition=models.Q(('assigned_at__isnull', False)), fields=['assigned_at', 'id'], name='serials_serial_assigned'),
        ),
        migrations.AddIndex(
            model_name='serial',
            index=models.Index(condition=models.Q(('expires_at__isnull', False), ('status', 'free')), fields=['pack', 'expires_at'], name='serials_serial_expiring'),
        ),
        migrations.AddIndex(
            model_name='serial',
            index=models.Index(django.db.models.functions.text.Left('data', 250), 'id', name='serials_serial_data'),
        ),
        migrations.AddIndex(
            model_name='serial',
            index=django.contrib.postgres.indexes.GinIndex(fields=['data'], name='serials_serial_search', opclasses=['gin_trgm_ops']),
        ),
        migrations.AddConstraint(
            model_name='serial',
            constraint=models.UniqueConstraint(condition=models.Q(('external_reference__isnull', False)), fields=('external_reference',), name='serials_serial_external_reference'),
        ),
        migrations.AddConstraint(
            model_name='serial',
            constraint=models.UniqueConstraint(fields=('pack', 'digest'), name='serials_serial_once_per_pack'),
        ),
        migrations.AddConstraint(
            model_name='serial',
            constraint=models.CheckConstraint(check=models.Q(models.Q(('status', 'free'), ('assignment__isnull', True), ('consumed_at__isnull', True), ('customer', '')), models.Q(('status__in', ['reserved', 'unassigned']), models.Q(('assignment__isnull', True), ('consumed_at__isnull', True)), models.Q(('customer', ''), _negated=True)), models.Q(('consumed_at__isnull', True), ('status', 'assigned'), models.Q(models.Q(('customer', ''), _negated=True), ('assignment__isnull', False), _connector='OR')), models.Q(('status', 'used'), models.Q(models.Q(('customer', ''), _negated=True), ('assignment__isnull', False), ('consumed_at__isnull', False), _connector='OR')), models.Q(('assignment__isnull', True), ('status', 'deleted')), _connector='OR'), name='serials_serial_status'),
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
        migrations.AddConstraint(
            model_name='packcount',
            constraint=models.UniqueConstraint(fields=('pack', 'status'), name='serials_count_once'),
        ),
        migrations.AddConstraint(
            model_name='jobpart',
            constraint=models.UniqueConstraint(fields=('job', 'number'), name='serials_job_part_once'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('status__in', ['waiting', 'running'])), fields=['due_at'], name='serials_job_due'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['status', 'id'], name='serials_job_status'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['created_at', 'id'], name='serials_job_created'),
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
            model_name='batch',
            index=models.Index(fields=['pack', 'id'], name='serials_batch_pack'),
        ),
        migrations.AddIndex(
            model_name='batch',
            index=models.Index(fields=['name', 'id'], name='serials_batch_name'),
        ),
        migrations.AddIndex(
            model_name='batch',
            index=models.Index(fields=['created_at', 'id'], name='serials_batch_created'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('entitled__gt', django.db.models.expressions.F('held'))), fields=['pack', 'entitled_since', 'id'], name='serials_assignment_short'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(fields=['pack', 'id'], name='serials_assignment_pack'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('entitled_since__isnull', False)), fields=['entitled_since', 'id'], name='serials_assignment_since'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('product_id__isnull', False)), fields=['product_id', 'id'], name='serials_assignment_product'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('variant_id__isnull', False)), fields=['variant_id', 'id'], name='serials_assignment_variant'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('line_id', ''), _negated=True), fields=('line_id', 'pack'), name='serials_assignment_once_per_line'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(check=models.Q(models.Q(('order__isnull', False), models.Q(('line_id', ''), _negated=True)), models.Q(('line_id', ''), ('order__isnull', True)), _connector='OR'), name='serials_assignment_line'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(check=models.Q(('entitled', 0), ('entitled_since__isnull', False), _connector='OR'), name='serials_assignment_entitled_since'),
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
        # COPY and raw INSERTs leave these columns out.
        migrations.RunSQL(
            """
            ALTER TABLE saleor_serials_serial
                ALTER metadata SET DEFAULT '{}', ALTER private_metadata SET DEFAULT '{}'
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        # What cannot become of a serial: see models/statuses.py. The condition is the rule, so that
        # what is allowed costs no call.
        migrations.RunSQL(
            """
            CREATE FUNCTION saleor_serials_refuse_transition() RETURNS trigger
            LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'a serial cannot go from % to %', OLD.status, NEW.status
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'serials_serial_transition';
            END $$;
            CREATE TRIGGER saleor_serials_refuse_transition
                BEFORE UPDATE OF status ON saleor_serials_serial FOR EACH ROW
                WHEN (
                    OLD.status = 'deleted' AND NEW.status <> 'deleted'
                    OR OLD.status IN ('free', 'reserved') AND NEW.status = 'unassigned'
                )
                EXECUTE FUNCTION saleor_serials_refuse_transition()
            """,
            reverse_sql="""
            DROP TRIGGER saleor_serials_refuse_transition ON saleor_serials_serial;
            DROP FUNCTION saleor_serials_refuse_transition()
            """,
        ),
        # How many serials of a pack are in each status, one row for each change and statement.
        migrations.RunSQL(
            """
            CREATE FUNCTION saleor_serials_count_new() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO saleor_serials_countchange (pack_id, status, change)
                SELECT pack_id, status, count(*) FROM new_rows GROUP BY pack_id, status;
                RETURN NULL;
            END $$;
            CREATE FUNCTION saleor_serials_count_changed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO saleor_serials_countchange (pack_id, status, change)
                SELECT pack_id, status, sum(change) FROM (
                    SELECT pack_id, status, 1 AS change FROM new_rows
                    UNION ALL SELECT pack_id, status, -1 FROM old_rows
                ) AS moved
                GROUP BY pack_id, status HAVING sum(change) <> 0;
                RETURN NULL;
            END $$;
            CREATE FUNCTION saleor_serials_count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO saleor_serials_countchange (pack_id, status, change)
                SELECT pack_id, status, -count(*) FROM old_rows GROUP BY pack_id, status;
                RETURN NULL;
            END $$;
            CREATE TRIGGER saleor_serials_count_new
                AFTER INSERT ON saleor_serials_serial REFERENCING NEW TABLE AS new_rows
                FOR EACH STATEMENT EXECUTE FUNCTION saleor_serials_count_new();
            CREATE TRIGGER saleor_serials_count_changed
                AFTER UPDATE ON saleor_serials_serial
                REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
                FOR EACH STATEMENT EXECUTE FUNCTION saleor_serials_count_changed();
            CREATE TRIGGER saleor_serials_count_removed
                AFTER DELETE ON saleor_serials_serial REFERENCING OLD TABLE AS old_rows
                FOR EACH STATEMENT EXECUTE FUNCTION saleor_serials_count_removed()
            """,
            reverse_sql="""
            DROP TRIGGER saleor_serials_count_removed ON saleor_serials_serial;
            DROP TRIGGER saleor_serials_count_changed ON saleor_serials_serial;
            DROP TRIGGER saleor_serials_count_new ON saleor_serials_serial;
            DROP FUNCTION saleor_serials_count_removed();
            DROP FUNCTION saleor_serials_count_changed();
            DROP FUNCTION saleor_serials_count_new()
            """,
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
