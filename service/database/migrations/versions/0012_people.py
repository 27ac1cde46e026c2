"""People of the stewards' room."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def _time(name, default_now=False, nullable=False):
    default = sa.text('now()') if default_now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        'person',
        sa.Column('name', sa.Text(), primary_key=True),
        sa.Column('roles', sa.ARRAY(sa.Text()), nullable=False),
        sa.Column('password_hash', sa.Text(), nullable=False),
        _time('added_at', default_now=True),
        _time('removed_at', nullable=True),
    )
    op.create_table(
        'person_session',
        sa.Column('token_hash', sa.LargeBinary(), primary_key=True),
        sa.Column('name', sa.Text(), nullable=False),
        _time('started_at', default_now=True),
        _time('seen_at', default_now=True),
    )
    op.create_table(
        'person_act',
        sa.Column('act_id', sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('act', sa.Text(), nullable=False),
        sa.Column('about', JSONB(), nullable=False),
        _time('at', default_now=True),
    )
    op.create_table(
        'review_claim',
        sa.Column('review_id', sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column('name', sa.Text(), nullable=False),
        _time('until'),
        sa.Column('unsure', sa.Boolean(), nullable=False),
    )
    op.create_table(
        'proposed_decision',
        sa.Column('review_id', sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column('verdict', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=True),
        sa.Column('name', sa.Text(), nullable=False),
        _time('proposed_at', default_now=True),
    )
    op.create_table(
        'decided_case',
        sa.Column('review_id', sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column('decision_id', sa.BigInteger(), nullable=False),
        sa.Column('proposed_by', sa.Text(), nullable=True),
        sa.Column('undo_proposed_by', sa.Text(), nullable=True),
    )
    op.create_index('decided_case_decision', 'decided_case', ['decision_id'])
    op.create_table(
        'person_browser',
        sa.Column('token_hash', sa.LargeBinary(), primary_key=True),
        sa.Column('name', sa.Text(), nullable=False),
        _time('added_at', default_now=True),
    )


def downgrade() -> None:
    for name in ('person_browser', 'decided_case', 'proposed_decision', 'review_claim', 'person_act', 'person_session', 'person'):
        op.drop_table(name)
