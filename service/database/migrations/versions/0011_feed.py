"""The feed of events, webhooks with their log, handoffs, checks of coherence."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def _now(name: str) -> sa.Column:
    return sa.Column(name, _TIME, server_default=sa.text('now()'), nullable=False)


def upgrade() -> None:
    op.create_table(
        'feed_event',
        sa.Column('seq', sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column('type', sa.Text(), nullable=False),
        sa.Column('event', JSONB(), nullable=False),
        _now('told_at'),
    )
    op.create_table(
        'webhook',
        sa.Column('webhook_id', sa.Uuid(), primary_key=True),
        sa.Column('channel', sa.Text(), nullable=False),
        sa.Column('url', sa.Text(), nullable=False),
        sa.Column('secret', sa.Text(), nullable=False),
        sa.Column('types', sa.ARRAY(sa.Text()), nullable=False),
        sa.Column('seq', sa.BigInteger(), nullable=False),
        sa.Column('failures', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('failing_since', _TIME, nullable=True),
        _now('next_try_at'),
        sa.Column('stopped_because', sa.Text(), nullable=True),
        _now('created_at'),
    )
    op.create_table(
        'webhook_delivery',
        sa.Column('delivery_id', sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column('webhook_id', sa.Uuid(), nullable=False),
        sa.Column('event_id', sa.Text(), nullable=False),
        sa.Column('attempt', sa.BigInteger(), nullable=False),
        sa.Column('status', sa.Integer(), nullable=True),
        sa.Column('error', sa.Text(), nullable=True),
        sa.Column('ms', sa.BigInteger(), nullable=False),
        _now('attempted_at'),
    )
    op.create_index('webhook_delivery_of', 'webhook_delivery', ['webhook_id', 'delivery_id'])
    op.create_table(
        'handoff',
        sa.Column('code_hash', sa.LargeBinary(), primary_key=True),
        sa.Column('customer_id', sa.Uuid(), nullable=False),
        sa.Column('made_by', sa.Text(), nullable=False),
        sa.Column('audience', sa.Text(), nullable=False),
        sa.Column('context', JSONB(), nullable=False),
        _now('made_at'),
        sa.Column('expires_at', _TIME, nullable=False),
        sa.Column('redeemed_at', _TIME, nullable=True),
        sa.Column('redeemed_as', sa.Uuid(), nullable=True),
    )
    op.create_table(
        'coherence_check',
        sa.Column('check_id', sa.BigInteger(), sa.Identity(), primary_key=True),
        _now('checked_at'),
        sa.Column('asked', sa.BigInteger(), nullable=False),
        sa.Column('coherent', sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    for name in ('coherence_check', 'handoff', 'webhook_delivery', 'webhook', 'feed_event'):
        op.drop_table(name)
