"""What channels ask for: answers given once, order steps, case alerts, confirmations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answered_request",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "answered_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("channel", "idempotency_key"),
    )
    op.create_table(
        "order_step",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("position", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("system", "id", "position"),
    )
    op.create_table(
        "case_alert",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("promised_reply_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customer_record_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "raised_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("case_id", "promised_reply_at", "customer_record_id"),
    )
    op.add_column("loyalty_movement", sa.Column("confirms", sa.Text(), nullable=True))
    op.create_index("interaction_at", "interaction", ["at"])
    op.create_index(
        "interaction_promise",
        "interaction",
        [sa.text("(record ->> 'promised_reply_at')")],
    )


def downgrade() -> None:
    op.drop_index("interaction_promise", "interaction")
    op.drop_index("interaction_at", "interaction")
    op.drop_column("loyalty_movement", "confirms")
    op.drop_table("case_alert")
    op.drop_table("order_step")
    op.drop_table("answered_request")
