"""Which estimators, options and steps are exported exactly: every one is tried, and ``allowed.json`` says what was found."""
