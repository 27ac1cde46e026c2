"""Programmes and units in which channels may move points; those in the ledger stand."""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'loyalty_programme',
        sa.Column('programme', sa.Text(), primary_key=True),
        sa.Column('unit', sa.Text(), primary_key=True),
        sa.Column('declared_by', sa.Text(), nullable=False),
        sa.Column('declared_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    )
    op.execute(
        "INSERT INTO loyalty_programme (programme, unit, declared_by)"
        " SELECT DISTINCT programme, unit, 'the ledger' FROM loyalty_movement"
    )


def downgrade() -> None:
    op.drop_table('loyalty_programme')
