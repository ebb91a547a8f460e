import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sf_insights.demo.data.ids import to_18
from sf_insights.demo.data.store import OrgShape, generate
from sf_insights.demo.process import DemoOrg


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory):
    with DemoOrg.started(tmp_path_factory.mktemp("large"), accounts=5000, seed=3) as org:
        yield org.accounts(), org.zuora_accounts(), org.purged()


def share(accounts: list[dict[str, Any]], name: str) -> float:
    return sum(account[name] is None for account in accounts) / len(accounts)


@pytest.mark.parametrize(
    ("name", "nulls"),
    [("Industry", 0.35), ("AnnualRevenue", 0.55), ("NumberOfEmployees", 0.45), ("Description", 0.8), ("Website", 0.3)],
)
def test_fields_are_as_empty_as_in_real_orgs(large, name: str, nulls: float) -> None:
    assert share(large[0], name) == pytest.approx(nulls, abs=0.04)


def test_the_org_has_values_that_break_naive_readers(large) -> None:
    accounts = large[0]
    names = {account["Name"] for account in accounts}
    descriptions = " ".join(account["Description"] or "" for account in accounts)
    assert {"null", "NA", "0012", "=SUM(1)"} & names
    assert any(name != name.strip() for name in names)
    assert any(ord(character) > 0xFFFF for name in names for character in name)
    assert any("\u0590" <= character <= "\u06ff" for name in names for character in name)
    assert any("\u0301" in name for name in names)
    for piece in ("\r\n", "\t", '"', "\\"):
        assert piece in descriptions
    assert re.search("\r(?!\n)", descriptions)
    assert re.search("(?<!\r)\n", descriptions)
    assert any(account["AnnualRevenue"] and account["AnnualRevenue"] >= 1e7 for account in accounts)
    assert any(account["AnnualRevenue"] and account["AnnualRevenue"] % 1 for account in accounts)
    assert any((account["Score__c"] or 0) > 100 for account in accounts)
    assert any((account["Balance__c"] or 0) < 0 for account in accounts)
    assert any((account["Exposure__c"] or 1) < 1e-3 for account in accounts)
    assert "1700-01-01" in {account["Founded__c"] for account in accounts}
    assert "4000-12-31" in {account["Contract_End__c"] for account in accounts}
    assert share(accounts, "Unused__c") == 1


def test_some_ids_differ_only_in_letter_case(large) -> None:
    folded = Counter(account["Id"][:15].casefold() for account in large[0])
    assert max(folded.values()) == 2
    assert all(account["Id"] == to_18(account["Id"][:15]) for account in large[0])


def test_merges_form_chains_and_some_end_at_a_deleted_account(large) -> None:
    accounts = {account["Id"]: account for account in large[0]}
    masters = [accounts[account["MasterRecordId"]] for account in accounts.values() if account["MasterRecordId"]]
    assert any(not master["IsDeleted"] for master in masters)
    assert any(master["IsDeleted"] and master["MasterRecordId"] for master in masters)
    assert any(master["IsDeleted"] and not master["MasterRecordId"] for master in masters)
    assert any(row["MasterRecordId"] for row in large[2])


def test_every_kind_of_crm_account_id_occurs_even_in_a_small_org(org: DemoOrg) -> None:
    kinds = Counter(account["kind"] for account in org.zuora_accounts())
    assert set(kinds) == {
        "plain",
        "fifteen_characters",
        "padded",
        "quoted",
        "lightning_url",
        "classic_url",
        "damaged_upper",
        "damaged_lower",
        "contradiction",
        "case_only",
        "null",
        "blank",
        "junk",
        "other_object",
        "never_existed",
        "deleted",
        "merged",
        "merged_chain",
        "merged_winner_deleted",
        "merged_purged",
        "purged",
    }


def test_most_crm_account_ids_find_their_account(large) -> None:
    accounts, billing, _ = large
    live = {account["Id"] for account in accounts if not account["IsDeleted"]}
    unmatched = {"contradiction", "case_only", "blank", "junk", "other_object", "never_existed"}
    given = [account for account in billing if account["CrmId"] is not None]
    found = [account for account in given if account["kind"] not in unmatched and account["survivor_id"]]
    assert len(found) / len(given) > 0.8
    assert {account["survivor_id"] for account in found} <= live
    assert len(given) / len(billing) == pytest.approx(0.92, abs=0.03)
    shared = Counter(account["salesforce_id"] for account in found)
    assert max(shared.values()) >= 3
    with_billing = {account["salesforce_id"] for account in billing} & live
    assert len(with_billing) / len(live) == pytest.approx(0.6, abs=0.03)


def test_each_kind_of_crm_account_id_is_what_its_name_says(large) -> None:
    accounts, billing, purged = large
    known = {account["Id"]: account for account in accounts}
    folded = {id_[:15].casefold() for id_ in known}
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for account in billing:
        by_kind.setdefault(account["kind"], []).append(account)
    for account in by_kind["fifteen_characters"]:
        assert to_18(account["CrmId"]) == account["salesforce_id"]
    for account in by_kind["damaged_upper"] + by_kind["damaged_lower"]:
        assert account["CrmId"].casefold() == account["salesforce_id"].casefold()
        assert account["CrmId"] != account["salesforce_id"]
    for account in by_kind["case_only"]:
        assert to_18(account["CrmId"]) not in known
        assert account["CrmId"].casefold() in folded
    for account in by_kind["never_existed"]:
        assert account["CrmId"] == to_18(account["CrmId"][:15])
        assert account["CrmId"][:15].casefold() not in folded
    for account in by_kind["contradiction"]:
        assert to_18(account["CrmId"][:15]) != account["CrmId"]
    for account in by_kind["deleted"]:
        assert known[account["CrmId"]]["IsDeleted"]
        assert account["survivor_id"] is None
    for account in by_kind["merged"] + by_kind["merged_chain"]:
        assert not known[account["survivor_id"]]["IsDeleted"]
    gone = {row["Id"] for row in purged}
    assert {account["CrmId"] for account in by_kind["purged"] + by_kind["merged_purged"]} == gone
    assert not gone & set(known)


def test_the_same_seed_is_the_same_org(tmp_path: Path) -> None:
    contents = []
    for seed, name in ((1, "a"), (1, "b"), (2, "c")):
        generate(tmp_path / name, OrgShape(150, seed, multi_currency=False))
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_an_org_with_several_currencies_has_a_currency_field(tmp_path: Path, org: DemoOrg) -> None:
    with DemoOrg.started(tmp_path, accounts=60, multi_currency=True) as other:
        currencies = {account["CurrencyIsoCode"] for account in other.accounts()}
    assert len(currencies) > 2
    assert "CurrencyIsoCode" not in org.accounts()[0]
