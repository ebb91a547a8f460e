"""Which encrypted fields arrive as masks: in the org, by a sample, and in what was landed."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.fields.masking import MASKED_TYPE, all_masked
from sf_insights.domain.problems import Problem
from sf_insights.salesforce.org import SalesforceOrg

logger = logging.getLogger(__name__)

_SAMPLE = 200


def masked_in_org(org: SalesforceOrg, fields: Iterable[AccountField]) -> dict[str, bool | None]:
    """Whether each encrypted field among these is masked, by a sample of accounts; None where that stays unknown."""
    names = [field.name for field in fields if field.type == MASKED_TYPE]
    if not names:
        return {}
    try:
        asked = org.query(f"SELECT {', '.join(names)} FROM Account LIMIT {_SAMPLE}")
        records = [ByApiName(record) for record in asked]  # under the names that the org spells today
    except Problem as problem:
        logger.warning("Whether %s is masked is unknown. %s", ", ".join(names), problem)
        return dict.fromkeys(names)
    return {name: all_masked(record.get(name) for record in records) for name in names}
