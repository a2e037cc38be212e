"""Use cases: functions of a Context and an actor; the transaction opens and closes here."""
