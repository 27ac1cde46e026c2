"""What a key of a channel may do, by the names that keys and routes give it."""

SCOPES = {
    "customers:read": "profiles, by id and by look-up",
    "loyalty:read": "balances and movements",
    "loyalty:burn": "burn points of a customer",
    "loyalty:earn": "let a customer earn points",
    "loyalty:adjust": "adjust balances and reverse movements",
    "orders:read": "orders and their status",
    "sources:read": "the source records behind a customer",
    "households:read": "who shares a home or a contact with a customer",
    "reviews:read": "open cases for stewards",
    "timeline:read": "all that happened to a customer, in one stream",
    "cases:read": "cases and their promised replies",
    "insights:read": "figures over contacts and cases",
    "operator": "dead letters and connectors: see them, and say what happens",
    "changes:read": "the feed of events: which customer changed, and how",
    "webhooks:write": "be called when something happens",
    "history:read": "what a profile was, and why it changed",
    "handoffs:write": "pass a customer on to another channel",
    "handoffs:redeem": "take over a customer from another channel",
    "privacy:export": "all that is known of a customer, for the customer",
    "privacy:erase": "erase a customer for good",
    "records:write": "push records and facts of the key's own system",
}
READ_SCOPES = tuple(scope for scope in SCOPES if scope.endswith(":read"))
"""What a key may do if nothing else is said: look, and change nothing."""
