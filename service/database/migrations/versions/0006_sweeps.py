"""What snapshots saw, and the sweeps that follow from it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

NOW = sa.text('now()')


def upgrade() -> None:
    op.create_table(
        'snapshot_part',
        sa.Column('system', sa.Text(), primary_key=True),
        sa.Column('snapshot', sa.Text(), primary_key=True),
        sa.Column('number', sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column('of', sa.Integer(), nullable=False),
        sa.Column('before', postgresql.JSONB(), nullable=False),
        sa.Column('ends', postgresql.JSONB(), nullable=False),
        sa.Column('unreadable', sa.BigInteger(), nullable=False),
        sa.Column('digests', sa.LargeBinary(), nullable=False),
        sa.Column('arrived_at', sa.DateTime(timezone=True), server_default=NOW, nullable=False),
    )
    op.create_table(
        'sweep',
        sa.Column('sweep_id', sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column('system', sa.Text(), nullable=False),
        sa.Column('snapshot', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=True),
        sa.Column('held_records', sa.BigInteger(), nullable=False),
        sa.Column('vanished', sa.BigInteger(), nullable=False),
        sa.Column('found_at', sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint('system', 'snapshot', name='sweep_snapshot'),
    )
    op.create_table(
        'vanished_key',
        sa.Column('sweep_id', sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column('kind', sa.Text(), primary_key=True),
        sa.Column('id', sa.Text(), primary_key=True),
        sa.Column('position', sa.ARRAY(sa.BigInteger()), nullable=True),
    )


def downgrade() -> None:
    for table in ('vanished_key', 'sweep', 'snapshot_part'):
        op.drop_table(table)
