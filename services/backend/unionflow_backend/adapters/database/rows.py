"""Reads and writes whole values of the domain: one row each, named as its fields are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, Table, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.core.pages import After, Sort
from unionflow_backend.errors import LostRace


class Kept(Protocol):
    """What is kept in a table: a dataclass with an id, whose fields are the table's columns."""

    @property
    def id(self) -> str:
        """What it is found by."""


T = TypeVar("T", bound=Kept)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list. after: where the next page begins; None where this is the last."""

    items: Sequence[T]
    after: After | None


class Rows(Generic[T]):
    """The rows of one table as values of one class."""

    def __init__(self, table: Table, make: type[T]) -> None:
        self.table = table
        self._make = make
        self._names = tuple(field.name for field in fields(make))  # type: ignore[arg-type]  # Kept are dataclasses, which no protocol can say
        self._select = select(*(table.c[name] for name in self._names))

    async def find(
        self, connection: AsyncConnection, id: str, *, to_change: bool = False
    ) -> T | None:
        """The value with this id.

        to_change: others who want to change it wait until this transaction ends.
        """
        query = self._select.where(self.table.c.id == id)
        row = (
            await connection.execute(query.with_for_update(key_share=True) if to_change else query)
        ).first()
        return None if row is None else self.value(row._mapping)

    async def add(self, connection: AsyncConnection, value: T) -> None:
        """Keep a new value.

        Raises:
            IntegrityError: there is one that it may not stand beside.
        """
        await connection.execute(insert(self.table).values(self._values(value)))

    async def replace(self, connection: AsyncConnection, value: T, version: int) -> None:
        """Put a value in place of the one with the same id, which had this version.

        Raises:
            LostRace: it has another by now.
            IntegrityError: there is one that it may not stand beside.
        """
        change = update(self.table).where(
            self.table.c.id == value.id, self.table.c.version == version
        )
        result = await connection.execute(change.values(self._values(value)))
        if result.rowcount != 1:
            raise LostRace("it has changed meanwhile; read it again")

    def ordered(
        self, conditions: Sequence[ColumnElement[bool]], sort: Sort, after: After | None, limit: int
    ) -> Select[Any]:
        """The query of a page: one row more than `limit`, which tells whether there is a next."""
        by, id = self.table.c[sort.column], self.table.c.id
        query = self._select.where(*conditions)
        if after is not None:
            if sort.descending:
                beyond = or_(by < after.value, and_(by == after.value, id < after.id))
                query = query.where(by <= after.value, beyond)  # the first bounds the index's scan
            else:
                beyond = or_(by > after.value, and_(by == after.value, id > after.id))
                query = query.where(by >= after.value, beyond)
        order = (by.desc(), id.desc()) if sort.descending else (by, id)
        return query.order_by(*order).limit(limit + 1)

    async def page(
        self,
        connection: AsyncConnection,
        conditions: Sequence[ColumnElement[bool]],
        sort: Sort,
        after: After | None,
        limit: int,
    ) -> Page[T]:
        """The values for which all conditions hold, in order, after `after`; at most `limit`."""
        found = await connection.execute(self.ordered(conditions, sort, after, limit))
        return self.cut([self.value(row._mapping) for row in found], sort, limit)

    def cut(self, values: Sequence[T], sort: Sort, limit: int) -> Page[T]:
        """A page of `values`, which are one more than `limit` where there is a next page."""
        if len(values) <= limit:
            return Page(values, None)
        last = values[limit - 1]
        return Page(values[:limit], After(getattr(last, sort.column), last.id))

    def value(self, row: Mapping[Any, Any]) -> T:
        """The value that a row is."""
        return self._make(**{name: row[name] for name in self._names})

    def _values(self, value: T) -> dict[str, Any]:
        return {name: getattr(value, name) for name in self._names}
