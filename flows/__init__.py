"""Prefect, thin: when, in what order, how many at once; and what people see of it."""
