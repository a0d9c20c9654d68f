"""Django writes out the same columns for every query of a model; here it remembers them. The statements stay the same."""

from __future__ import annotations

from typing import Any

from django.db.models.sql.compiler import SQLCompiler

MANY = 10  # columns; below that there is nothing to gain
_selects: dict[tuple[Any, str], tuple[Any, Any, Any]] = {}
_converters: dict[tuple[int, int], tuple[Any, Any]] = {}


def make() -> None:
    """Quicken this process for good."""
    compile_select, compile_converters = SQLCompiler.get_select, SQLCompiler.get_converters

    def get_select(self: Any, with_col_aliases: bool = False) -> Any:
        query = self.query
        is_plain = query.default_cols and not (
            with_col_aliases
            or query.select
            or query.extra_select
            or query.annotation_select
            or query.select_related
            or query.deferred_loading[0]
        )
        if not is_plain:
            return compile_select(self, with_col_aliases)
        key = (query.model, query.get_initial_alias())
        if key not in _selects:
            _selects[key] = compile_select(self, with_col_aliases)
        columns, klass_info, annotations = _selects[key]
        return columns, dict(klass_info), annotations

    def get_converters(self: Any, expressions: Any) -> Any:
        if not isinstance(expressions, list) or len(expressions) < MANY:
            return compile_converters(self, expressions)
        key = (id(expressions[0]), len(expressions))
        if key not in _converters:
            _converters[key] = (compile_converters(self, expressions), expressions[0])  # kept, so that the id stays its
        return _converters[key][0]

    for name, quick in (("get_select", get_select), ("get_converters", get_converters)):
        setattr(SQLCompiler, name, quick)
