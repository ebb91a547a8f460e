"""The assets, one file per stage; alphabetical order is the order of the data flow."""

from sf_insights.assets.catalog import account_fields
from sf_insights.assets.fields import field_labels, selected_fields
from sf_insights.assets.history import account_history, filled_history, published_history
from sf_insights.assets.landing import raw_accounts, zuora_accounts
from sf_insights.assets.matching import matched_accounts
from sf_insights.assets.model import insights_model
from sf_insights.assets.outbound import desired_values, differences, published_outbound, sent_values
from sf_insights.assets.publish import published_snapshot

ALL_ASSETS = [
    account_fields,
    selected_fields,
    field_labels,
    raw_accounts,
    zuora_accounts,
    matched_accounts,
    insights_model,
    published_snapshot,
]

HISTORY_ASSETS = [account_history, filled_history, published_history]

OUTBOUND_ASSETS = [desired_values, differences, sent_values, published_outbound]
