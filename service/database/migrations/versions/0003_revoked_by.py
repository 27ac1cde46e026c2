"""Who revoked a decision, and why, stays with it."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('decision', sa.Column('revoked_by', sa.Text(), nullable=True))
    op.add_column('decision', sa.Column('revoke_reason', sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column('decision', 'revoke_reason')
    op.drop_column('decision', 'revoked_by')
