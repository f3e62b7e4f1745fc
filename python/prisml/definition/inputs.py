"""From features to the inputs of the model: each checked against the mapping and put into the encoder's terms."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Column, ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Mapper, QueryableAttribute

from prisml.definition.as_of import AsOfRule
from prisml.definition.features import READ, Expression, Feature, FeatureSpec, Related, Resolver, Transform
from prisml.definition.given import is_word
from prisml.definition.mapping import ColumnLike, ValueType, is_taken, own_column, related_column, type_of_python, type_of_sql
from prisml.definition.missing import rule_for_category, rule_for_number
from prisml.definition.place import Place
from prisml.definition.resolvers import check_resolver
from prisml.definition.sql import read_sql
from prisml.definition.transforms import TAKES
from prisml.errors import described, quoted
from prisml.manifest import Dtype, Input, Op, Origin, Source

_CATEGORIES: tuple[Dtype, ...] = ("str", "enum", "uuid")
_FLAGGED = (Feature, Related, Transform, Resolver, Expression)
_MOMENTS: tuple[Dtype, ...] = ("date", "datetime")
_SINCE: tuple[Op, ...] = ("days_since", "hours_since")
_Optioned = Feature | Related | Expression | Resolver[Any]
_MOMENT_TRANSFORMS = "days_since, hours_since, hour_of, weekday_of, month_of or difference"


@dataclass(frozen=True)
class Reader:
    """Reads features for one entity, seen at ``as_of``, and one algorithm: ``native`` says whether the estimator takes NaN."""

    mapper: Mapper[Any]
    native: bool
    as_of: AsOfRule

    def read(self, place: Place, given: object) -> tuple[FeatureSpec[Any], Input]:
        """The feature, with its columns as mapped attributes, and the provisional input that it becomes."""
        for flag in ("stable", "categorical"):
            _check_flag(place, flag, getattr(given, flag, False) if isinstance(given, _FLAGGED) else False)
        if isinstance(given, Transform):
            return self._transform(place, given)
        if isinstance(given, Resolver):
            return self._resolver(place, check_resolver(place, self.mapper, given))
        if isinstance(given, Expression):
            return self._expression(place, given)
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

    def _expression(self, place: Place, given: Expression) -> tuple[Expression, Input]:
        if is_taken(self.mapper, _name(place)) and not _is_attribute(self.mapper, _name(place), given.given):
            raise place.error(
                "is an expression with the name of an attribute, so that a row could give the one for the other",
                "Give the feature another name.",
            )
        expression, sql = read_sql(place, self.mapper, given, self.as_of)
        value_type = type_of_sql(sql.type)
        if value_type.dtype is None:
            raise place.error(
                f"is SQL of type {value_type.described}, which is no feature",
                "Say its type: func.avg(column, type_=Float), or type_coerce(sql, Float()).",
            )
        if value_type.dtype in _MOMENTS:
            raise place.error(
                f"is SQL that gives a {value_type.dtype}, which is no number by itself",
                f"Use a transform of it: days_since(expression(...)), or {_MOMENT_TRANSFORMS}.",
            )
        if given.categorical and value_type.dtype not in ("int", *_CATEGORIES):
            raise place.error(f"is categorical=True, and its SQL is of type {value_type.described}", "Only an int can be made a category.")
        base = Input(name=_name(place), kind="number", origin="expression", dtype=value_type.dtype)
        category = given.categorical or value_type.dtype in _CATEGORIES
        return expression, self._finish(place, base, expression, value_type if category else None)

    def _finish(
        self, place: Place, base: Input, feature: Feature | Related | Expression | Resolver[Any], categories: ValueType | None
    ) -> Input:
        _check_options(place, feature, is_category=categories is not None)
        by_name = not is_taken(self.mapper, base.name) or _path(base) == (base.name,) or base.origin == "expression"
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
        pairs = [self._argument(place, given, argument, number) for number, argument in enumerate(given.arguments)]
        sources = tuple(source for _, source in pairs)
        if len({source.dtype in _MOMENTS for source in sources}) > 1:
            raise place.error(f"takes the {given.op} of a moment and a number", "Give two numbers, or two dates or datetimes.")
        _check_zone(place, given)
        if given.op in _SINCE and self.as_of.column is not None:
            # Counted to the row's own moment, which is a column as the other.
            sources = (*sources, _source(place, (self.as_of.column.key,), self.as_of.column)[1])
        rule = rule_for_number(place, given.missing, native=self.native)
        read = Input(
            name=_name(place),
            kind="number",
            origin="transform",
            dtype="float",
            sources=sources,
            transform=given.op,
            zone=given.zone,
            by_name=not is_taken(self.mapper, _name(place)),
            missing=rule.missing,
            imputation=rule.imputation,
        )
        return replace(given, arguments=tuple(argument for argument, _ in pairs)), read

    def _argument(
        self, place: Place, transform: Transform, argument: ColumnLike | Related | Expression, number: int
    ) -> tuple[ColumnLike | Related | Expression, Source]:
        found: ColumnLike | Related | Expression
        if isinstance(argument, Related | Expression):
            _refuse_options(place, transform, argument)
        if isinstance(argument, Expression):
            found, sql = read_sql(place, self.mapper, argument, self.as_of)
            value_type = type_of_sql(sql.type)
            # No attribute has such a name: the value is there where SQL computed it, and nowhere else.
            source = Source(path=(f"@{_name(place)}" + (f":{number}" if number else ""),), dtype=_supported(place, value_type))
        elif isinstance(argument, Related):
            link, column = related_column(self.mapper, argument.relationship, argument.column, place)
            found = Related(link, column, stable=argument.stable)
            value_type, source = _source(place, (link.key, column.key), column)
        else:
            column = own_column(self.mapper, argument, place)
            found = column
            value_type, source = _source(place, (column.key,), column)
        dtypes, words = TAKES[transform.op]
        if source.dtype not in dtypes:
            raise place.error(
                f"takes the {transform.op} of {_described(source)} of type {value_type.described}",
                f"{transform.op} takes {words}.",
            )
        return found, source


def own_reads(feature: FeatureSpec[Any]) -> set[str]:
    """The names of the entity's own columns that the feature reads."""
    if isinstance(feature, Feature):
        return {feature.column.key}
    if isinstance(feature, Resolver):
        return {column.key for column in feature.columns}
    if isinstance(feature, Transform):
        return {argument.key for argument in feature.arguments if not isinstance(argument, Related | Expression)}
    return set()


def _is_attribute(mapper: Mapper[Any], name: str, sql: object) -> bool:
    """Whether ``sql`` is the entity's own attribute of that name: a hybrid too, which is made anew whenever it is read."""
    return isinstance(sql, QueryableAttribute) and sql.key == name and isinstance(sql.parent, Mapper) and mapper.isa(sql.parent)


def _bare(place: Place, mapper: Mapper[Any], given: object) -> ColumnLike:
    """A bare mapped column; otherwise the refusal that fits what was given in its place."""
    if isinstance(given, QueryableAttribute | Column):
        return given
    entity = mapper.class_.__name__
    if isinstance(given, ColumnElement):
        raise place.error("is bare SQL", "Wrap it: expression(...).")
    if callable(given) and not isinstance(given, type):
        raise place.error("is a bare function", f"Wrap it: resolver(function, type=..., uses=[{entity}.<column>]).")
    raise place.error(
        f"is {described(given)}", f"Give a mapped column such as {entity}.<column>, related(...), a transform or resolver(...)."
    )


def _source(place: Place, path: tuple[str, ...], column: InstrumentedAttribute[Any]) -> tuple[ValueType, Source]:
    value_type = type_of_sql(column.type)
    return value_type, Source(path=path, dtype=_supported(place, value_type))


def _described(source: Source) -> str:
    return "SQL" if source.path[0].startswith("@") else f"{'.'.join(source.path)}, a column"


def _refuse_options(place: Place, transform: Transform, argument: Related | Expression) -> None:
    options = (option for option in fields(argument) if option.kw_only and option.name not in READ | {"stable"})
    if any(getattr(argument, option.name) != option.default for option in options):
        kind = "related" if isinstance(argument, Related) else "expression"
        raise place.error(
            f"gives options to the {kind}(...) inside {transform.op}", f"Give missing= to {transform.op}; nothing else applies."
        )


def _check_zone(place: Place, transform: Transform) -> None:
    zone: object = transform.zone
    if zone is None:
        return
    try:
        ZoneInfo(str(zone))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise place.error(
            f"has tz={quoted(zone)}, which is no time zone", 'Give a name of the IANA database: "America/New_York".'
        ) from None


def _supported(place: Place, value_type: ValueType) -> Dtype:
    if value_type.dtype is None:
        raise place.error(
            f"reads a column of type {value_type.described}, which is no feature",
            "Supported are int, float, Decimal, bool, str, Enum, UUID, date and datetime; a resolver can turn another into one of them.",
        )
    return value_type.dtype


def _check_options(place: Place, feature: _Optioned, *, is_category: bool) -> None:
    if not is_word(feature.unseen, "other", "error"):
        raise place.error(f"has unseen={quoted(feature.unseen)}", 'Write unseen="other" or unseen="error".')
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


def _check_flag(place: Place, name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise place.error(f"has {described(value)} as {name}=", f"Write {name}=True, or leave it out.")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _name(place: Place) -> str:
    return place.feature or ""


def _path(base: Input) -> tuple[str, ...] | None:
    return base.sources[0].path if base.sources else None


def _with(base: Input, **changes: object) -> Input:
    return Input.model_validate({**dict(base), **changes})
