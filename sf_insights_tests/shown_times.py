"""Patterns for times in messages."""

# Messages show the day only when it is not today: a wait of two hours goes past midnight each evening.
MOMENT = r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d \w+"
