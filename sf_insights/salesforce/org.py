"""What a Salesforce org says of itself: describe, limits and small queries. account_reader.py reads all Accounts."""

import re
from collections.abc import Callable, Iterator
from typing import Any, cast
from urllib.parse import quote_plus, urlsplit

import requests

from sf_insights.domain.fields.api_names import ByApiName, by_name
from sf_insights.domain.fields.field_types import AccountField
from sf_insights.domain.problems import ConnectionProblem, IncompleteData
from sf_insights.domain.salesforce_ids import InvalidSalesforceId, to_18_characters
from sf_insights.domain.soql import object_of
from sf_insights.salesforce.connection import OrgConnection
from sf_insights.salesforce.errors import RequestRefused
from sf_insights.transport.answers import read_json, translated_parse_errors
from sf_insights.transport.paging import PageTrail, own_path
from sf_insights.transport.retry import ONCE_MORE

LOCATOR_LOST = frozenset({"INVALID_QUERY_LOCATOR", "QUERY_LOCATOR_EXPIRED", "INVALID_QUERY_LOCATOR_FORMAT"})

_QUERY_RESTARTS = 2
_LONGEST_ADDRESS = 15_000


class SalesforceOrg(OrgConnection):
    """A connected org, and what it says of itself and of its Accounts."""

    _org_id: str | None = None

    @property
    def org_id(self) -> str:
        """The org's 18-character id.

        Session ids and opaque OAuth tokens start with it ("00D..."), followed by "!". For other tokens, such as
        JWT-based ones, it is read from the Organization record: simple-salesforce drops the `id` address of the OAuth
        answer, and userinfo needs a scope that the connected app may lack.
        """
        if self._org_id is None:
            start, mark, _ = self._logged_in().text.partition("!")
            if not (mark and re.fullmatch(r"00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?", start)):
                found = self._organization()
                with translated_parse_errors("Salesforce", "name the org"):
                    start = str(found[0]["Id"])
            try:
                self._org_id = to_18_characters(start[:15])
            except InvalidSalesforceId:
                raise ConnectionProblem("Salesforce sent an invalid id for the org.", "Run again.") from None
        return self._org_id

    def _organization(self) -> list[dict[str, Any]]:
        try:
            return list(self.query("SELECT Id FROM Organization"))
        except RequestRefused as refused:
            raise refused.with_remedy(
                "Give the integration user View Setup and Configuration, or log in with client credentials."
            ) from None

    def user_id(self) -> str:
        """Return the 18-character id of the logged-in user.

        For every login method, it is the end of the address `identity` in the list of resources.

        Raises:
            ConnectionProblem: Salesforce does not give it.
        """
        answer: Any = self.call("GET", f"/services/data/v{self.api_version}", doing="identify the logged-in user")
        with translated_parse_errors("Salesforce", "identify the logged-in user"):
            return to_18_characters(urlsplit(answer["identity"]).path.rsplit("/", 1)[-1])

    def describe(self, object_name: str) -> dict[str, Any]:
        """Return the describe of an object; `fields` contains the fields that the user can see."""
        path, doing = f"sobjects/{object_name}/describe", f"describe {object_name}"
        try:
            return cast(dict[str, Any], self.call("GET", path, doing=doing, object_name=object_name))
        except RequestRefused as refused:
            if refused.status != requests.codes.not_found or object_name == "Account":
                raise
            raise refused.with_remedy(
                f"Check the name {object_name}, that the integration user can read it, and SALESFORCE_API_VERSION."
            ) from None

    def account_fields(self) -> ByApiName[AccountField]:
        """Return the fields of Account that the user can see, by API name in the org's present spelling."""
        described = self.describe("Account")
        with translated_parse_errors("Salesforce", "describe Account"):
            return by_name([AccountField.from_describe(entry) for entry in described["fields"]])

    def limits(self) -> dict[str, Any]:
        """Return the org's limits, each name with {"Max", "Remaining"}.

        Raises:
            RequestRefused: the user lacks View Setup and Configuration.
        """
        return cast(dict[str, Any], self.call("GET", "limits", doing="read the org's limits"))

    def record_count(self) -> int | None:
        """Return the approximate number of live Accounts in the org, visible or not; None if Salesforce does not say.

        Raises:
            ConnectionProblem: Salesforce cannot answer. Callers must not fail a sync for this number.
        """
        try:
            answer: Any = self.call(
                "GET",
                "limits/recordCount",
                params={"sObjects": "Account"},
                doing="count the org's Accounts",
                retry=ONCE_MORE,
            )
        except RequestRefused as refused:
            if refused.status in (403, 404):
                return None
            raise
        with translated_parse_errors("Salesforce", "count the org's Accounts"):
            counts = [entry["count"] for entry in answer.get("sObjects", []) if entry.get("name") == "Account"]
            return int(counts[0]) if counts else None

    def visible_accounts(self) -> int:
        """Return the number of live Accounts that the user sees.

        Raises:
            ConnectionProblem: Salesforce cannot count them, for example because there are too many for one request.
        """
        answer: Any = self.call("GET", "query", params={"q": "SELECT count() FROM Account"}, doing="count the Accounts")
        with translated_parse_errors("Salesforce", "count the Accounts"):
            return int(answer["totalSize"])

    def api_versions(self) -> list[str]:
        """Return the API versions that the org serves, such as "62.0", oldest first."""
        answer: Any = self.call("GET", "/services/data", doing="list its API versions")
        with translated_parse_errors("Salesforce", "list its API versions"):
            return sorted((str(entry["version"]) for entry in answer), key=float)

    def query(self, soql: str, *, include_deleted: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the records of a small query, which are held in memory.

        A locator belongs to the session that opened it, so a query that loses its locator starts again.
        """
        for restarts_left in reversed(range(_QUERY_RESTARTS + 1)):
            try:
                records = []
                for page in self.query_pages(soql, include_deleted):
                    with translated_parse_errors("Salesforce", "query"):
                        records += [{**record} for record in page.get("records", [])]
            except RequestRefused as refused:
                if refused.code not in LOCATOR_LOST or not restarts_left:
                    raise
            else:
                yield from records
                return

    def query_pages(
        self, soql: str, include_deleted: bool, read: Callable[[requests.Response], Any] = read_json
    ) -> Iterator[dict[str, Any]]:
        """Yield the JSON answers of a REST query, each with up to 2,000 records.

        Raises:
            IncompleteData: the pages form a loop, or contain more records than Salesforce announced.
        """
        path = "queryAll" if include_deleted else "query"
        if len(f"{self.instance_url}/services/data/v{self.api_version}/{path}?q={quote_plus(soql)}") > _LONGEST_ADDRESS:
            raise ConnectionProblem(
                "The query has more fields than fit into a request of the REST API.",
                "Select fewer fields, or make the Bulk API available to the integration user.",
            )
        object_name = object_of(soql)
        doing = f"query {object_name}"
        page = self.call("GET", path, params={"q": soql}, doing=doing, object_name=object_name, read=read)
        trail, records = PageTrail("Salesforce", doing), 0
        while True:
            yield page
            with translated_parse_errors("Salesforce", doing):
                if page.get("done", True):
                    return
                brought = len(page["records"])
                records += brought
                following = own_path(page["nextRecordsUrl"])
                announced = int(page.get("totalSize", records))
            if records > announced:
                raise IncompleteData(
                    f"Salesforce announced {announced} records, but sent {records} and more follow.", "Run again."
                )
            path = trail.follow(following, brought=brought)
            page = self.call("GET", path, doing=doing, object_name=object_name, read=read)
