"""Pure rules: functions of facts, with no clock, no database, no network."""
