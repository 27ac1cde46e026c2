"""What became of a dead letter: edited, replayed or discarded, by whom and why."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

_NAMES = ('state', 'edited_value', 'settled_at', 'settled_by', 'settled_because')


def upgrade() -> None:
    op.add_column('dead_letter', sa.Column('state', sa.Text(), server_default='open', nullable=False))
    op.add_column('dead_letter', sa.Column('edited_value', sa.LargeBinary(), nullable=True))
    op.add_column('dead_letter', sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('dead_letter', sa.Column('settled_by', sa.Text(), nullable=True))
    op.add_column('dead_letter', sa.Column('settled_because', sa.Text(), nullable=True))


def downgrade() -> None:
    for name in _NAMES:
        op.drop_column('dead_letter', name)
