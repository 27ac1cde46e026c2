"""Cases for stewards."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'review',
        sa.Column('review_id', sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('a', sa.BigInteger(), nullable=False),
        sa.Column('b', sa.BigInteger(), nullable=False),
        sa.Column('why', sa.Text(), nullable=False),
        sa.Column('weight', sa.Float(), nullable=True),
        sa.Column('probability', sa.Float(), nullable=True),
        sa.Column('opened_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.UniqueConstraint('a', 'b', 'kind', name='review_case'),
    )
    op.create_index('review_b', 'review', ['b'])


def downgrade() -> None:
    op.drop_table('review')
