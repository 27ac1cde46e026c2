"""Records that several tables of a system give together."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'source_record_part',
        sa.Column('system', sa.Text(), primary_key=True),
        sa.Column('record_id', sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column('part_table', sa.Text(), primary_key=True),
        sa.Column('part_row', sa.Text(), primary_key=True),
        sa.Column('position', sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column('deleted', sa.Boolean(), nullable=False),
        sa.Column('record', postgresql.JSONB(), nullable=True),
        sa.Column('raw', postgresql.JSONB(), nullable=True),
        sa.Column('source_at', sa.DateTime(timezone=True), nullable=True),
    )
    for column in ('part_table', 'part_row'):
        op.add_column('vanished_key', sa.Column(column, sa.Text(), nullable=False, server_default=''))
    op.drop_constraint('vanished_key_pkey', 'vanished_key')
    op.create_primary_key(
        'vanished_key_pkey', 'vanished_key', ['sweep_id', 'kind', 'id', 'part_table', 'part_row']
    )


def downgrade() -> None:
    op.execute("DELETE FROM vanished_key WHERE part_table <> ''")
    op.drop_constraint('vanished_key_pkey', 'vanished_key')
    op.create_primary_key('vanished_key_pkey', 'vanished_key', ['sweep_id', 'kind', 'id'])
    for column in ('part_table', 'part_row'):
        op.drop_column('vanished_key', column)
    op.drop_table('source_record_part')
