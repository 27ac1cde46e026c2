"""When each model version became the active one."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('model_promotion',
    sa.Column('promotion_id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('replaced', sa.Text(), nullable=True),
    sa.Column('promoted_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('records', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('customers_changed', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.PrimaryKeyConstraint('promotion_id')
    )


def downgrade() -> None:
    op.drop_table('model_promotion')
