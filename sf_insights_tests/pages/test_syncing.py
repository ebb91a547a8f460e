def test_sync_now_publishes_the_selected_fields(site, sf_insights):
    site.save(site.chosen(select=("Phone", "ARR__c"), ARR__c="metric"))
    page = site.post("/sync", site.get("/fields").form("/sync"))
    assert page.address.endswith("/sync")
    page = site.wait()
    assert "The sync is complete and published" in page.text
    assert "Accounts through the Bulk API" in page.text
    assert sf_insights.rows('SELECT count(*) FROM insights.account_attributes WHERE "Phone" IS NOT NULL')[0][0] > 0
    assert sf_insights.rows("SELECT count(*) FROM insights.account_metrics WHERE metric = 'ARR__c'")[0][0] > 0
    assert "active" in site.get("/fields").row("Phone")
    assert "active" in site.get("/labels").row("Phone")


def test_a_failed_sync_says_why_and_what_stays(synced_site, synced, monkeypatch):
    before = synced.snapshot.read_bytes()
    monkeypatch.setenv("SALESFORCE_CONSUMER_SECRET", "wrong")
    synced_site.post("/sync", synced_site.get("/health").form("/sync"))
    page = synced_site.wait()
    assert "The sync did not complete. Nothing was published" in page.text
    assert "SALESFORCE_CONSUMER_SECRET" in page.text
    assert synced.snapshot.read_bytes() == before


def test_only_one_sync_runs_and_it_stops_with_the_pages(synced_site, synced, org):
    org.configure(job_seconds=300)
    synced_site.post("/sync", synced_site.get("/health").form("/sync"))
    first = synced_site.pages.worker.last
    synced_site.post("/sync", synced_site.get("/health").form("/sync"))
    assert synced_site.pages.worker.last is first
    assert "Sync is running" in synced_site.get("/fields").text
    refused = synced_site.post("/labels", synced_site.labelled(Industry="Line of business"))
    assert refused.status == 409
    assert ("label.Industry", "Line of business") in refused.form("/labels")
    synced_site.pages.worker.stop()
    assert first.exit_code not in (None, 0)
    org.configure(job_seconds=0)
    synced_site.post("/sync", synced_site.get("/health").form("/sync"))
    assert "The sync is complete and published" in synced_site.wait().text


def test_a_switched_off_sync_is_not_offered(synced_site, synced):
    synced.configure(enabled=False)
    page = synced_site.get("/health")
    assert "The synchronization is switched off" in page.text
    assert '<button type="submit" disabled>Sync now' in page.html
