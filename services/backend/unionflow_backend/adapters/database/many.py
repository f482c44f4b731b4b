"""Puts many rows into a table with one statement, where row by row is what takes the time.

PostgreSQL binds and executes each row of a list by itself; here it gets one array per column, and
10,000 rows take half the time. SQLite is in the same process and has no such cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection


async def put_many(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    replace: Sequence[str] = (),
) -> None:
    """Insert rows, all with the same columns.

    replace: columns that a row which is there already takes from the new one; with none of them,
    there must be no such row.
    """
    on_postgres = connection.dialect.name == "postgresql"
    insert = (postgresql_insert if on_postgres else sqlite_insert)(table)
    names = list(rows[0])
    parameters: Any = [dict(row) for row in rows]
    if on_postgres:
        columns = (
            func.unnest(bindparam(f"all_{name}", type_=ARRAY(table.c[name].type))) for name in names
        )
        insert = insert.from_select(names, select(*columns))
        parameters = {f"all_{name}": [row[name] for row in rows] for name in names}
    if replace:
        new = {name: insert.excluded[name] for name in replace}
        insert = insert.on_conflict_do_update(index_elements=table.primary_key.columns, set_=new)
    await connection.execute(insert, parameters)
