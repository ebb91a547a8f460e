"""The matches of the accounts, from the list of complete days."""

from datetime import date
from typing import Any

from sf_insights_tests.model.records import Day


def matched_accounts(days: list[Day]) -> list[dict[str, Any]]:
    today = days[-1]
    linked = [match.salesforce_id for match in today.matches.values()]
    result = []
    for key, match in today.matches.items():
        since, matched_on = today.date, None
        for day in days:
            if key in day.matches and day.matches[key].salesforce_id:
                matched_on = day.date
        for day in reversed(days):
            if key not in day.matches or day.matches[key].status != match.status:
                break
            since = day.date
        result.append(
            {
                "account_id": key,
                "account_number": match.number,
                "account_name": match.name,
                "account_status": match.account_status,
                "crm_account_id": match.crm_account_id,
                "salesforce_account_id": match.salesforce_id,
                "match_status": match.status,
                "id_repaired": match.repaired,
                "accounts_sharing": linked.count(match.salesforce_id) if match.salesforce_id else 0,
                "match_status_since": since,
                "last_matched_on": matched_on,
            }
        )
    return result


def counted_by_status(days: list[Day]) -> list[dict[str, Any]]:
    counts: dict[tuple[date, str], int] = {}
    for day in days:
        for match in day.matches.values():
            counts[day.date, match.status] = counts.get((day.date, match.status), 0) + 1
    return [{"day": day, "match_status": status, "accounts": count} for (day, status), count in counts.items()]
