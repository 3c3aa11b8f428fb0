"""What every table of the catalogue is made with: names of constraints, and JSON that keeps null apart."""

from __future__ import annotations

from sqlalchemy import JSON, MetaData

metadata = MetaData(
    # Named constraints, so that a later migration can name what it changes on either database.
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Json = JSON(none_as_null=True)
