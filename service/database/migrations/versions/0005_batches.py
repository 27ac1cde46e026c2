"""Bulk loads, part by part, and audits."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

NOW = sa.text('now()')


def upgrade() -> None:
    op.create_table(
        'bulk_load',
        sa.Column('load_id', sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column('system', sa.Text(), nullable=False),
        sa.Column('digest', sa.Text(), nullable=False),
        sa.Column('first_record_id', sa.BigInteger(), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column('keyed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint('system', 'digest', name='bulk_load_file'),
    )
    op.create_table(
        'bulk_load_part',
        sa.Column('load_id', sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column('part', sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column('records', sa.BigInteger(), nullable=False),
        sa.Column('rejects', postgresql.JSONB(), nullable=False),
    )
    op.create_table(
        'audit',
        sa.Column('audit_id', sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column('finished_at', sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column('seconds', sa.Float(), nullable=False),
        sa.Column('records', sa.BigInteger(), nullable=False),
        sa.Column('differences', sa.BigInteger(), nullable=False),
        sa.Column('report', postgresql.JSONB(), nullable=False),
    )


def downgrade() -> None:
    for table in ('audit', 'bulk_load_part', 'bulk_load'):
        op.drop_table(table)
