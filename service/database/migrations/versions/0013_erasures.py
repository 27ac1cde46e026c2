"""Erasures with their receipts, and the hashes that refuse the erased."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

NOW = sa.text('now()')


def upgrade() -> None:
    op.create_table(
        'privacy_secret',
        sa.Column('name', sa.Text(), primary_key=True),
        sa.Column('secret', sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        'erasure',
        sa.Column('erasure_id', sa.Uuid(), primary_key=True),
        sa.Column('customer_id', sa.Uuid(), nullable=False),
        sa.Column('grounds', sa.Text(), nullable=False),
        sa.Column('erased_by', sa.Text(), nullable=False),
        sa.Column('erased_at', sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column('receipt', sa.Text(), nullable=False),
    )
    op.create_table(
        'suppression',
        sa.Column('hash', sa.LargeBinary(), primary_key=True),
        sa.Column('erasure_id', sa.Uuid(), nullable=False),
    )
    op.create_index('suppression_erasure', 'suppression', ['erasure_id'])


def downgrade() -> None:
    for table in ('suppression', 'erasure', 'privacy_secret'):
        op.drop_table(table)
