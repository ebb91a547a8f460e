def by_name(said):
    return {row["field"]: row for row in said.json["fields"]}


def test_all_fields_of_the_org_are_listed_with_their_possible_categories(sf_insights, org):
    said = sf_insights("fields", "--json")
    assert said.code == 0
    fields = by_name(said)
    assert set(org.accounts()[0]) <= set(fields)
    assert fields["Rating"]["can_be"] == ["attribute"]
    assert fields["AnnualRevenue"]["can_be"] == ["attribute", "metric"]
    assert fields["BillingAddress"]["can_be"] == []
    assert "compound" in fields["BillingAddress"]["cannot_because"]


def test_before_the_first_sync_selected_fields_are_pending(sf_insights):
    fields = by_name(sf_insights("fields", "--json"))
    assert (fields["Industry"]["selected_as"], fields["Industry"]["status"]) == ("attribute", "pending")
    assert fields["AnnualRevenue"]["label"] == "Annual revenue"
    assert fields["Type"]["selected_as"] is None


def test_after_a_sync_selected_fields_are_active_under_their_labels(synced):
    fields = by_name(synced("fields", "--json"))
    assert (fields["Industry"]["status"], fields["Industry"]["label"]) == ("active", "Sssf Industry")


def test_search_covers_names_and_labels(synced):
    said = synced("fields", "--search", "annual rev")
    assert said.code == 0
    assert "AnnualRevenue" in said.out
    assert "Industry" not in said.out
    assert "1 of " in said.out


def test_a_search_without_results_says_so(synced):
    said = synced("fields", "--search", "no such thing")
    assert said.code == 0
    assert "0 of " in said.out


def test_every_line_fits_80_columns(synced):
    assert max(len(line.rstrip()) for line in synced("fields").lines[:-6]) <= 80


def test_a_hidden_field_is_still_listed_with_the_reason(synced, org, monkeypatch):
    org.hide_field("Rating")
    monkeypatch.setenv("SF_INSIGHTS_TODAY", "2026-03-03")
    synced("sync")
    row = by_name(synced("fields", "--json"))["Rating"]
    assert row["status"] == "paused"
    assert "field-level security" in row["status_reason"]


def test_a_field_the_org_never_had_is_shown_as_unknown(sf_insights):
    sf_insights.configure(fields=["Industri"])
    assert by_name(sf_insights("fields", "--json"))["Industri"]["status"] == "unknown"


def test_without_the_org_the_fields_of_the_last_sync_are_listed(synced, closed_port, monkeypatch):
    monkeypatch.setenv("SALESFORCE_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    said = synced("fields", "--search", "Industry")
    assert said.code == 0
    assert "cannot be reached" in said.out
    assert "from the last published sync" in said.out
    assert "Sssf Industry" in said.out


def test_without_the_org_or_a_sync_it_fails_with_the_reason(sf_insights, monkeypatch):
    monkeypatch.delenv("SALESFORCE_CONSUMER_SECRET")
    said = sf_insights("fields")
    assert said.code == 1
    assert "SALESFORCE_CONSUMER_SECRET" in said.err


def test_malformed_yaml_fails_with_the_line_number(synced):
    synced.configuration.write_text("fields: {")
    said = synced("fields")
    assert said.code == 1
    assert "account_field_sync.yaml is not valid YAML at line 1" in said.err


def test_a_label_is_shortened_only_when_the_terminal_is_too_narrow(synced, org, monkeypatch):
    label = "Share of the yearly revenue that comes from renewals"
    org.add_field("Share__c", label, "percent", precision=5, scale=2)
    narrow = synced("fields", "--search", "renewals")
    assert label not in narrow.out
    assert "Share of the yearly" in narrow.out
    monkeypatch.setenv("COLUMNS", "140")
    assert label in synced("fields", "--search", "renewals").out
    assert max(len(line.rstrip()) for line in synced("fields").lines[:-6]) <= 140
