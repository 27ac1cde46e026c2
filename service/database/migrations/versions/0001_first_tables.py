"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('CREATE SEQUENCE dirty_mark')
    op.create_table('api_key',
    sa.Column('key_id', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('secret_hash', sa.LargeBinary(), nullable=False),
    sa.Column('scopes', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('key_id')
    )
    op.create_table('blocking_key',
    sa.Column('key', sa.BigInteger(), nullable=False),
    sa.Column('record_id', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('key', 'record_id')
    )
    op.create_table('consent',
    sa.Column('system', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('position', sa.ARRAY(sa.BigInteger()), nullable=True),
    sa.Column('deleted', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('customer_record_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('record', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('raw', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.PrimaryKeyConstraint('system', 'id')
    )
    op.create_index('consent_customer', 'consent', ['customer_record_id'], unique=False)
    op.create_table('contact_key',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'value', 'customer_id')
    )
    op.create_index('contact_key_customer', 'contact_key', ['customer_id'], unique=False)
    op.create_table('customer',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('anchor', sa.BigInteger(), nullable=True),
    sa.Column('retired_into', sa.Uuid(), nullable=True),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('profile', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('customer_id')
    )
    op.create_index('customer_anchor', 'customer', ['anchor'], unique=False)
    op.create_table('customer_order',
    sa.Column('system', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('position', sa.ARRAY(sa.BigInteger()), nullable=True),
    sa.Column('deleted', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('customer_record_id', sa.BigInteger(), nullable=True),
    sa.Column('status', sa.Text(), nullable=True),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('record', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('raw', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.PrimaryKeyConstraint('system', 'id')
    )
    op.create_index('customer_order_customer', 'customer_order', ['customer_record_id'], unique=False)
    op.create_table('dead_letter',
    sa.Column('dead_letter_id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('topic_id', sa.Text(), nullable=False),
    sa.Column('partition', sa.Integer(), nullable=False),
    sa.Column('offset', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('message_key', sa.LargeBinary(), nullable=True),
    sa.Column('message_value', sa.LargeBinary(), nullable=True),
    sa.Column('message_headers', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('set_aside_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('dead_letter_id'),
    sa.UniqueConstraint('topic', 'topic_id', 'partition', 'offset', name='dead_letter_place')
    )
    op.create_table('decision',
    sa.Column('decision_id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('system_a', sa.Text(), nullable=False),
    sa.Column('id_a', sa.Text(), nullable=False),
    sa.Column('system_b', sa.Text(), nullable=False),
    sa.Column('id_b', sa.Text(), nullable=False),
    sa.Column('verdict', sa.Text(), nullable=False),
    sa.Column('steward', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('decision_id')
    )
    op.create_index('decision_a', 'decision', ['system_a', 'id_a'], unique=False)
    op.create_index('decision_b', 'decision', ['system_b', 'id_b'], unique=False)
    op.create_table('dirty',
    sa.Column('record_id', sa.BigInteger(), nullable=False),
    sa.Column('mark', sa.BigInteger(), nullable=False),
    sa.Column('scored', sa.Boolean(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('record_id')
    )
    op.create_table('interaction',
    sa.Column('system', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('position', sa.ARRAY(sa.BigInteger()), nullable=True),
    sa.Column('deleted', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('customer_record_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('record', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('raw', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.PrimaryKeyConstraint('system', 'id')
    )
    op.create_index('interaction_customer', 'interaction', ['customer_record_id'], unique=False)
    op.create_table('label',
    sa.Column('record_id', sa.BigInteger(), nullable=False),
    sa.Column('component', sa.BigInteger(), nullable=False),
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('record_id')
    )
    op.create_index('label_component', 'label', ['component'], unique=False)
    op.create_index('label_customer', 'label', ['customer_id'], unique=False)
    op.create_table('link',
    sa.Column('a', sa.BigInteger(), nullable=False),
    sa.Column('b', sa.BigInteger(), nullable=False),
    sa.Column('version_a', sa.BigInteger(), nullable=False),
    sa.Column('version_b', sa.BigInteger(), nullable=False),
    sa.Column('weight', sa.Float(), nullable=False),
    sa.Column('probability', sa.Float(), nullable=False),
    sa.Column('evidence', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('model', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('a', 'b')
    )
    op.create_index('link_b', 'link', ['b'], unique=False)
    op.create_table('loyalty_movement',
    sa.Column('system', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('position', sa.ARRAY(sa.BigInteger()), nullable=True),
    sa.Column('customer_record_id', sa.BigInteger(), nullable=False),
    sa.Column('programme', sa.Text(), nullable=False),
    sa.Column('unit', sa.Text(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=18, scale=4), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('order_key', sa.Text(), nullable=True),
    sa.Column('expires_on', sa.Date(), nullable=True),
    sa.Column('raw', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.PrimaryKeyConstraint('system', 'id')
    )
    op.create_index('loyalty_movement_customer', 'loyalty_movement', ['customer_record_id'], unique=False)
    op.create_table('model_version',
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('bundle', sa.LargeBinary(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('digest')
    )
    op.create_table('outbox',
    sa.Column('seq', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('message_key', sa.LargeBinary(), nullable=True),
    sa.Column('message_value', sa.LargeBinary(), nullable=True),
    sa.Column('message_headers', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('seq')
    )
    op.create_table('profile_history',
    sa.Column('customer_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('profile', sa.LargeBinary(), nullable=True),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('valid_from', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('valid_to', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('customer_id', 'version')
    )
    op.create_table('source_record',
    sa.Column('record_id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('system', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('position', sa.ARRAY(sa.BigInteger()), nullable=True),
    sa.Column('version', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('deleted', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('record', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('raw', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('features', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('blocking_keys', sa.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('model', sa.Text(), nullable=True),
    sa.Column('source_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('applied_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('record_id'),
    sa.UniqueConstraint('system', 'id', name='source_record_key')
    )
    op.create_table('stream_offset',
    sa.Column('consumer', sa.Text(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('partition', sa.Integer(), nullable=False),
    sa.Column('next_offset', sa.BigInteger(), nullable=False),
    sa.Column('topic_id', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('consumer', 'topic', 'partition')
    )
    op.create_table('system_freshness',
    sa.Column('system', sa.Text(), nullable=False),
    sa.Column('position', sa.ARRAY(sa.BigInteger()), nullable=True),
    sa.Column('source_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('applied_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('system')
    )


def downgrade() -> None:
    op.drop_table('system_freshness')
    op.drop_table('stream_offset')
    op.drop_table('source_record')
    op.drop_table('profile_history')
    op.drop_table('outbox')
    op.drop_table('model_version')
    op.drop_index('loyalty_movement_customer', table_name='loyalty_movement')
    op.drop_table('loyalty_movement')
    op.drop_index('link_b', table_name='link')
    op.drop_table('link')
    op.drop_index('label_customer', table_name='label')
    op.drop_index('label_component', table_name='label')
    op.drop_table('label')
    op.drop_index('interaction_customer', table_name='interaction')
    op.drop_table('interaction')
    op.drop_table('dirty')
    op.drop_index('decision_b', table_name='decision')
    op.drop_index('decision_a', table_name='decision')
    op.drop_table('decision')
    op.drop_table('dead_letter')
    op.drop_index('customer_order_customer', table_name='customer_order')
    op.drop_table('customer_order')
    op.drop_index('customer_anchor', table_name='customer')
    op.drop_table('customer')
    op.drop_index('contact_key_customer', table_name='contact_key')
    op.drop_table('contact_key')
    op.drop_index('consent_customer', table_name='consent')
    op.drop_table('consent')
    op.drop_table('blocking_key')
    op.drop_table('api_key')
    op.execute('DROP SEQUENCE dirty_mark')
