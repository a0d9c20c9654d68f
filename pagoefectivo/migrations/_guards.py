"""What PostgreSQL refuses to change, as statements of triggers. SQLite has no such guards."""

from __future__ import annotations

from collections.abc import Sequence

REFUSE = "pagoefectivo_refuse()"


def keeps(table: str, name: str, columns: Sequence[str], *, function: str = REFUSE, when: str = "") -> str:
    """Return a trigger that lets these columns be as they were written, where `when` holds of the row."""
    changes = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    # OF: an update that names none of these columns costs nothing
    return (
        f"CREATE TRIGGER {name} BEFORE UPDATE OF {', '.join(columns)} ON pagoefectivo_{table} "
        f"FOR EACH ROW WHEN ({f'{when} AND ({changes})' if when else changes}) EXECUTE FUNCTION {function};"
    )


def keeps_rows(table: str, *, function: str = REFUSE) -> str:
    """Return a trigger that lets no row be removed."""
    return (
        f"CREATE TRIGGER pe_keep_rows BEFORE DELETE ON pagoefectivo_{table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function};"
    )


def only_added_to(table: str) -> str:
    """Return a trigger that lets no row be changed or removed."""
    return (
        f"CREATE TRIGGER pe_append_only BEFORE UPDATE OR DELETE ON pagoefectivo_{table} "
        f"FOR EACH ROW EXECUTE FUNCTION {REFUSE};"
    )


def erasable(table: str, name: str, column: str) -> str:
    """Return a trigger that lets a body be emptied where an audit entry accounts for it, and not be changed otherwise."""
    return keeps(table, name, [column], function=f"pagoefectivo_erase('{column}')")


def stays(columns: Sequence[str]) -> str:
    """Return the condition that none of these columns changes."""
    olds, news = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"ROW({olds}) IS NOT DISTINCT FROM ROW({news})"
