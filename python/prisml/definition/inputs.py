"""From features to the inputs of the model: each checked against the mapping and put into the encoder's terms."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import Column, ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Mapper, QueryableAttribute

from prisml.definition.features import Expression, Feature, FeatureSpec, Related, Resolver, Transform, positional_arguments
from prisml.definition.mapping import ColumnLike, ValueType, is_taken, own_column, related_column, type_of_python, type_of_sql
from prisml.definition.missing import rule_for_category, rule_for_number
from prisml.definition.place import Place
from prisml.definition.transforms import TAKES
from prisml.manifest import Dtype, Input, Origin, Source

_CATEGORIES: tuple[Dtype, ...] = ("str", "enum")
_MOMENTS: tuple[Dtype, ...] = ("date", "datetime")
_MOMENT_TRANSFORMS = "days_since, hours_since, hour_of, weekday_of, month_of or difference"


@dataclass(frozen=True)
class Reader:
    """Reads features for one entity and one algorithm: ``native`` says whether the estimator takes NaN."""

    mapper: Mapper[Any]
    native: bool

    def read(self, place: Place, given: object) -> tuple[FeatureSpec[Any], Input]:
        """The feature, with its columns as mapped attributes, and the provisional input that it becomes."""
        if isinstance(given, Transform):
            return self._transform(place, given)
        if isinstance(given, Resolver):
            return self._resolver(place, check_resolver(place, self.mapper, given))
        if isinstance(given, Related):
            link, column = related_column(self.mapper, given.relationship, given.column, place)
            related = replace(given, relationship=link, column=column)
            value_type, source = _source(place, (link.key, column.key), column)
            return related, self._column(place, related, value_type, source)
        feature = given if isinstance(given, Feature) else Feature(_bare(place, self.mapper, given))
        column = own_column(self.mapper, feature.column, place)
        feature = replace(feature, column=column)
        value_type, source = _source(place, (column.key,), column)
        return feature, self._column(place, feature, value_type, source)

    def _column(self, place: Place, feature: Feature | Related, value_type: ValueType, source: Source) -> Input:
        if source.dtype in _MOMENTS:
            raise place.error(f"is a {source.dtype} column, which is no number by itself", f"Use a transform of it: {_MOMENT_TRANSFORMS}.")
        if feature.categorical and source.dtype not in ("int", *_CATEGORIES):
            raise place.error(
                f"is categorical=True, and its column is of type {value_type.described}", "Only an int column can be made a category."
            )
        category = feature.categorical or source.dtype in _CATEGORIES
        origin: Origin = "related" if isinstance(feature, Related) else "column"
        base = Input(name=_name(place), kind="number", origin=origin, dtype=source.dtype, sources=(source,))
        return self._finish(place, base, feature, value_type if category else None)

    def _resolver(self, place: Place, resolver: Resolver[Any]) -> tuple[Resolver[Any], Input]:
        if is_taken(self.mapper, _name(place)):
            raise place.error(
                "is a resolver with the name of an attribute, so that a row could give the one for the other",
                "Give the feature another name.",
            )
        value_type = type_of_python(resolver.type)
        dtype = _supported(place, value_type)
        base = Input(name=_name(place), kind="number", origin="resolver", dtype=dtype)
        return resolver, self._finish(place, base, resolver, value_type if dtype in _CATEGORIES else None)

    def _finish(self, place: Place, base: Input, feature: Feature | Related | Resolver[Any], categories: ValueType | None) -> Input:
        _check_options(place, feature, is_category=categories is not None)
        by_name = not is_taken(self.mapper, base.name) or _path(base) == (base.name,)
        if categories is None:
            rule = rule_for_number(place, feature.missing, native=self.native)
            return _with(base, by_name=by_name, missing=rule.missing, imputation=rule.imputation)
        rule = rule_for_category(place, feature.missing, categories)
        return _with(
            base,
            kind="category",
            by_name=by_name,
            missing=rule.missing,
            imputation=rule.imputation,
            categories=(),
            members=None if categories.enum_class is None else tuple(categories.enum_class.__members__),
            missing_code=rule.missing_code,
        )

    def _transform(self, place: Place, given: Transform) -> tuple[Transform, Input]:
        pairs = [self._argument(place, given, argument) for argument in given.arguments]
        sources = tuple(source for _, source in pairs)
        if len({source.dtype in _MOMENTS for source in sources}) > 1:
            raise place.error(f"takes the {given.op} of a moment and a number", "Give two numbers, or two dates or datetimes.")
        rule = rule_for_number(place, given.missing, native=self.native)
        read = Input(
            name=_name(place),
            kind="number",
            origin="transform",
            dtype="float",
            sources=sources,
            transform=given.op,
            by_name=not is_taken(self.mapper, _name(place)),
            missing=rule.missing,
            imputation=rule.imputation,
        )
        return replace(given, arguments=tuple(argument for argument, _ in pairs)), read

    def _argument(self, place: Place, transform: Transform, argument: ColumnLike | Related) -> tuple[ColumnLike | Related, Source]:
        if isinstance(argument, Related):
            link, column = related_column(self.mapper, argument.relationship, argument.column, place)
            found: ColumnLike | Related = Related(link, column)
            if any(getattr(argument, option.name) != option.default for option in fields(Related) if option.kw_only):
                raise place.error(
                    f"gives options to the related(...) inside {transform.op}", f"Give missing= to {transform.op}; nothing else applies."
                )
            value_type, source = _source(place, (link.key, column.key), column)
        else:
            column = own_column(self.mapper, argument, place)
            found = column
            value_type, source = _source(place, (column.key,), column)
        dtypes, words = TAKES[transform.op]
        if source.dtype not in dtypes:
            raise place.error(
                f"takes the {transform.op} of {'.'.join(source.path)}, a column of type {value_type.described}",
                f"{transform.op} takes {words}.",
            )
        return found, source


def check_resolver(place: Place, mapper: Mapper[Any], resolver: Resolver[Any]) -> Resolver[Any]:
    """The resolver with its columns as mapped attributes; ``DefinitionError`` where it cannot be called or typed."""
    _check_function(place, resolver.fn)
    returned = type_of_python(resolver.type)
    if returned.dtype in (None, *_MOMENTS):
        raise place.error(f"has a resolver of type {returned.described}", "Write type=float, int, bool, Decimal, str or an Enum class.")
    if not resolver.uses:
        raise place.error("has a resolver that uses no column", "Name the columns it reads: uses=[...].")
    return replace(resolver, uses=tuple(own_column(mapper, column, place) for column in resolver.uses))


def _check_function(place: Place, function: object) -> None:
    if not callable(function) or inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise place.error("has a resolver that is no plain function", "Give a function or lambda that returns the value.")
    if positional_arguments(function) is None:
        raise place.error("has a resolver that takes neither (row) nor (row, as_of)", "Give a function of one or two positional arguments.")


def own_reads(feature: FeatureSpec[Any]) -> set[str]:
    """The names of the entity's own columns that the feature reads."""
    if isinstance(feature, Feature):
        return {feature.column.key}
    if isinstance(feature, Resolver):
        return {column.key for column in feature.uses}
    if isinstance(feature, Transform):
        return {argument.key for argument in feature.arguments if not isinstance(argument, Related)}
    return set()


def _bare(place: Place, mapper: Mapper[Any], given: object) -> ColumnLike:
    """A bare mapped column; otherwise the refusal that fits what was given in its place."""
    if isinstance(given, QueryableAttribute | Column):
        return given
    entity = mapper.class_.__name__
    if isinstance(given, Expression | ColumnElement):
        raise place.error(
            "is a SQL expression, which is for the label and the filter",
            "Use a mapped column, a transform or a resolver, or map the expression as a column_property of the class.",
        )
    if callable(given) and not isinstance(given, type):
        raise place.error("is a bare function", f"Wrap it: resolver(function, type=..., uses=[{entity}.<column>]).")
    raise place.error(
        f"is a {type(given).__name__}", f"Give a mapped column such as {entity}.<column>, related(...), a transform or resolver(...)."
    )


def _source(place: Place, path: tuple[str, ...], column: InstrumentedAttribute[Any]) -> tuple[ValueType, Source]:
    value_type = type_of_sql(column.type)
    return value_type, Source(path=path, dtype=_supported(place, value_type))


def _supported(place: Place, value_type: ValueType) -> Dtype:
    if value_type.dtype is None:
        raise place.error(
            f"reads a column of type {value_type.described}, which is no feature",
            "Supported are int, float, Decimal, bool, str, Enum, date and datetime; a resolver can turn another column into one of them.",
        )
    return value_type.dtype


def _check_options(place: Place, feature: Feature | Related | Resolver[Any], *, is_category: bool) -> None:
    if feature.unseen not in ("other", "error"):
        raise place.error(f"has unseen={feature.unseen!r}", 'Write unseen="other" or unseen="error".')
    if not _is_count(feature.min_frequency):
        raise place.error("has a min_frequency= that is no count", "Give a whole number of rows, 1 or more.")
    if not is_category and (feature.unseen != "other" or feature.min_frequency != 1):
        raise place.error(
            "is a number, and unseen= and min_frequency= are for categories", "Leave them out, or write categorical=True for an int column."
        )
    if feature.unseen == "error" and feature.min_frequency != 1:
        raise place.error(
            'has unseen="error" and a min_frequency=, which would refuse rare categories of the training part', "Give one of the two."
        )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _name(place: Place) -> str:
    return place.feature or ""


def _path(base: Input) -> tuple[str, ...] | None:
    return base.sources[0].path if base.sources else None


def _with(base: Input, **changes: object) -> Input:
    return Input.model_validate({**dict(base), **changes})
