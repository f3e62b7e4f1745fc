//! The built-in transforms, computed in double precision.

use serde::Deserialize;

use crate::contract::Dtype;
use crate::error::CellError;
use crate::uuid::UuidText;
use crate::value::Value;
use crate::zone::Zone;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// A built-in transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Op {
    DaysSince,
    HoursSince,
    HourOf,
    WeekdayOf,
    MonthOf,
    Log1p,
    Length,
    IsMissing,
    Ratio,
    Difference,
}

impl Op {
    /// Whether it is computed from values of `sources`, in that order.
    fn takes(self, sources: &[Dtype]) -> bool {
        let all = |takes: fn(Dtype) -> bool| sources.iter().all(|dtype| takes(*dtype));
        match (self, sources.len()) {
            (Self::IsMissing, 1) => true,
            (Self::Length, 1) => all(|dtype| matches!(dtype, Dtype::Str | Dtype::Enum)),
            (Self::Log1p, 1) | (Self::Ratio, 2) => all(is_number),
            (Self::Difference, 2) => all(is_number) || all(is_moment),
            (Self::HourOf | Self::WeekdayOf | Self::MonthOf, 1) | (Self::DaysSince | Self::HoursSince, 1 | 2) => all(is_moment),
            _ => false,
        }
    }
}

fn is_number(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::Float | Dtype::Int | Dtype::Decimal | Dtype::Bool)
}

fn is_moment(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::Date | Dtype::Datetime)
}

/// What is computed, and from which slots.
#[derive(Debug, Clone)]
pub(crate) struct Transform {
    pub(crate) op: Op,
    pub(crate) first: usize,
    /// Of `days_since` and `hours_since`: the moment that they are counted to, in place of that of prediction.
    pub(crate) second: Option<usize>,
    /// Of `hour_of`, `weekday_of` and `month_of`: where the clock hangs that is read; None for UTC.
    zone: Option<Zone>,
}

impl Transform {
    /// `sources` are slots and what stands there; where it is none, what is wrong with it.
    pub(crate) fn new(op: Op, sources: &[(usize, Dtype)], zone: Option<&str>) -> Result<Self, &'static str> {
        let dtypes: Vec<Dtype> = sources.iter().map(|(_, dtype)| *dtype).collect();
        let (first, second) = match sources {
            [(first, _), rest @ ..] if op.takes(&dtypes) => (*first, rest.first().map(|(slot, _)| *slot)),
            _ => return Err("has sources that do not fit its transform"),
        };
        if zone.is_some() && !matches!(op, Op::HourOf | Op::WeekdayOf | Op::MonthOf) {
            return Err("has a time zone, which its transform has no use for");
        }
        let zone = zone.map(|name| Zone::named(name).ok_or("has a time zone that is not known")).transpose()?;
        Ok(Self { op, first, second, zone })
    }

    /// Whether the result depends on the moment of prediction.
    pub(crate) fn needs_as_of(&self) -> bool {
        matches!(self, Self { op: Op::DaysSince | Op::HoursSince, second: None, .. })
    }

    /// What the clock shows that is read, as a moment.
    fn clock(&self, moment: i64) -> i64 {
        self.zone.as_ref().map_or(moment, |zone| zone.local(moment))
    }

    /// The transform's value; None where it is undefined, which counts as missing. `as_of` is in microseconds since 1970 UTC.
    pub(crate) fn apply(&self, first: Operand, second: Option<Operand>, as_of: i64) -> Option<f64> {
        apply(self.op, first, second, as_of)
    }
}

/// A value as a transform takes it: owned, so that two can be held at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Operand {
    Missing,
    Number(f64),
    Moment(i64),
    /// Text, by its number of Unicode code points.
    Text(usize),
    /// Something that is there, where only that matters.
    Present,
}

impl Operand {
    pub(crate) fn new(transform: &Transform, value: Value<'_>, dtype: Dtype) -> Result<Self, CellError> {
        let wrong = || CellError::WrongType { expected: dtype, got: value.type_name().to_owned() };
        match (value.nan_is_missing(), dtype) {
            (Value::Missing, _) => Ok(Self::Missing),
            (Value::Int(number), Dtype::Float | Dtype::Int | Dtype::Decimal) | (Value::Int(number @ (0 | 1)), Dtype::Bool) => {
                Ok(Self::Number(number as f64))
            }
            (Value::Float(number), Dtype::Float | Dtype::Int | Dtype::Decimal) => finite(number).map(Self::Number),
            (Value::Bool(truth), Dtype::Bool) => Ok(Self::Number(f64::from(truth))),
            // A datetime given for a date counts as its day, which is all that training saw. A day is the same in every zone.
            (Value::Timestamp(moment), Dtype::Date) => Ok(Self::Moment(moment - moment.rem_euclid(DAY))),
            (Value::Timestamp(moment), Dtype::Datetime) => Ok(Self::Moment(transform.clock(moment))),
            (Value::Str(text), Dtype::Str | Dtype::Enum) if transform.op == Op::Length => Ok(Self::Text(text.chars().count())),
            (Value::Str(_), Dtype::Str | Dtype::Enum) | (Value::Uuid(_), Dtype::Uuid) => Ok(Self::Present),
            (Value::Str(text), Dtype::Uuid) if UuidText::read(text).is_some() => Ok(Self::Present),
            _ => Err(wrong()),
        }
    }
}

fn finite(number: f64) -> Result<f64, CellError> {
    if number.is_infinite() { Err(CellError::Infinite) } else { Ok(number) }
}

/// A difference of two moments is in days.
fn apply(op: Op, first: Operand, second: Option<Operand>, as_of: i64) -> Option<f64> {
    match (op, first, second) {
        (Op::IsMissing, operand, None) => Some(f64::from(operand == Operand::Missing)),
        (Op::DaysSince, Operand::Moment(moment), None) => Some(elapsed(moment, as_of) / DAY as f64),
        (Op::HoursSince, Operand::Moment(moment), None) => Some(elapsed(moment, as_of) / HOUR as f64),
        (Op::DaysSince, Operand::Moment(moment), Some(Operand::Moment(to))) => Some(elapsed(moment, to) / DAY as f64),
        (Op::HoursSince, Operand::Moment(moment), Some(Operand::Moment(to))) => Some(elapsed(moment, to) / HOUR as f64),
        (Op::HourOf, Operand::Moment(moment), None) => Some((moment.rem_euclid(DAY) / HOUR) as f64),
        (Op::WeekdayOf, Operand::Moment(moment), None) => Some(weekday(moment) as f64),
        (Op::MonthOf, Operand::Moment(moment), None) => Some(month(moment) as f64),
        (Op::Log1p, Operand::Number(number), None) if number > -1.0 => Some(number.ln_1p()),
        (Op::Length, Operand::Text(length), None) => Some(length as f64),
        (Op::Ratio, Operand::Number(number), Some(Operand::Number(by))) if by != 0.0 => Some(number / by),
        (Op::Difference, Operand::Number(number), Some(Operand::Number(less))) => Some(number - less),
        (Op::Difference, Operand::Moment(moment), Some(Operand::Moment(since))) => Some(elapsed(since, moment) / DAY as f64),
        _ => None,
    }
}

fn elapsed(from: i64, to: i64) -> f64 {
    (i128::from(to) - i128::from(from)) as f64
}

/// 0 is Monday, as `datetime.weekday()` has it; 1970-01-01 was a Thursday.
fn weekday(moment: i64) -> i64 {
    (moment.div_euclid(DAY) + 3).rem_euclid(7)
}

/// 1 to 12, by the algorithm `civil_from_days` of Howard Hinnant,
/// <https://howardhinnant.github.io/date_algorithms.html>.
fn month(moment: i64) -> i64 {
    let day_of_era = (moment.div_euclid(DAY) + 719_468).rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    if from_march < 10 { from_march + 3 } else { from_march - 9 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_parts_are_those_of_the_gregorian_calendar_in_utc() {
        // 1969-12-31 23:59:59.999999, 1970-01-01 00:00, 2000-02-29 12:00, 2013-11-01 05:30 UTC.
        for (moment, hour, day, of_year) in
            [(-1, 23, 2, 12), (0, 0, 3, 1), (951_825_600_000_000, 12, 1, 2), (1_383_283_800_000_000, 5, 4, 11)]
        {
            let operand = Operand::Moment(moment);
            assert_eq!(apply(Op::HourOf, operand, None, 0), Some(f64::from(hour)));
            assert_eq!(apply(Op::WeekdayOf, operand, None, 0), Some(f64::from(day)));
            assert_eq!(apply(Op::MonthOf, operand, None, 0), Some(f64::from(of_year)));
        }
    }

    #[test]
    fn what_is_undefined_is_missing_and_never_a_number() {
        assert_eq!(apply(Op::Ratio, Operand::Number(1.0), Some(Operand::Number(0.0)), 0), None);
        assert_eq!(apply(Op::Log1p, Operand::Number(-1.0), None, 0), None);
        assert_eq!(apply(Op::Difference, Operand::Missing, Some(Operand::Number(0.0)), 0), None);
        assert_eq!(apply(Op::DaysSince, Operand::Missing, None, 0), None);
    }

    #[test]
    fn elapsed_time_is_counted_from_the_moment_to_as_of() {
        assert_eq!(apply(Op::DaysSince, Operand::Moment(0), None, 36 * HOUR), Some(1.5));
        assert_eq!(apply(Op::HoursSince, Operand::Moment(HOUR), None, 0), Some(-1.0));
    }

    #[test]
    fn a_moment_of_the_rows_own_stands_in_place_of_as_of() {
        for as_of in [0, 7 * DAY] {
            for (from, to, days) in
                [(0, 36 * HOUR, Some(1.5)), (DAY, 0, Some(-1.0)), (i64::MIN, i64::MAX, Some(u64::MAX as f64 / DAY as f64))]
            {
                let (from, to) = (Operand::Moment(from), Some(Operand::Moment(to)));
                assert_eq!(apply(Op::DaysSince, from, to, as_of), days);
                assert_eq!(apply(Op::HoursSince, from, to, as_of), days.map(|days| days * 24.0));
            }
            for (from, to) in [(Operand::Missing, Operand::Moment(0)), (Operand::Moment(0), Operand::Missing)] {
                assert_eq!(apply(Op::DaysSince, from, Some(to), as_of), None);
            }
        }
    }
}
