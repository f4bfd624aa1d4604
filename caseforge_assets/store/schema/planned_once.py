"""How a query says that its best plan is the same whatever it is asked with: `text("…").execution_options(**PLANNED_ONCE)`, see `database.prepared`."""

PLANNED_ONCE = {"planned_once": True}
