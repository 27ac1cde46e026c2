"""Blocking keys that too many records have."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'suspended_key',
        sa.Column('key', sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column('recheck', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    )


def downgrade() -> None:
    op.drop_table('suspended_key')
