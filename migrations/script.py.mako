"""${message}

A step is expanded before the code that needs it and contracted after the last code that used it is gone: two
versions of the program run side by side while one is being replaced. It imports nothing of ours.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
