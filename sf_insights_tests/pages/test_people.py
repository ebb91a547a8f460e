"""Several people on the pages: tokens by name, names that a proxy passes on, and those who may only view."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.pages import republishing
from sf_insights.pages.access.people import People, Person
from sf_insights.settings.configuration_file import editing
from sf_insights.settings.revisions import edited_by, revisions_of
from sf_insights_tests.pages.conftest import serve

ANNA, BOB, PROXY = "anna's own token, long", "bob's own token, longer", "the token of the proxy"
TOKENS = f"anna:edit:{ANNA.replace(' ', '-').replace(',', '')} bob:view:{BOB.replace(' ', '-').replace(',', '')}"
ANNAS, BOBS = (entry.split(":")[2] for entry in TOKENS.split())
HEADER = {"SF_INSIGHTS_SETTINGS_USER_HEADER": "X-Forwarded-Email"}


@pytest.fixture
def two_people(synced, session, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_SETTINGS_TOKENS", TOKENS)
    yield from serve(session)


@pytest.fixture
def behind_a_proxy(synced, session, monkeypatch):
    monkeypatch.setenv("SF_INSIGHTS_SETTINGS_USER_HEADER", "X-Forwarded-Email")
    monkeypatch.setenv("SF_INSIGHTS_SETTINGS_EDITORS", "anna@example.com, Carla@Example.com")
    yield from serve(session, token=PROXY)


def test_each_person_signs_in_with_their_own_token_and_signs_out(two_people):
    assert two_people.get("/fields").status == 401
    assert two_people.post("/sign-in", [("token", "nobody's token at all")]).status == 401
    page = two_people.post("/sign-in", [("token", ANNAS)])
    assert (page.status, "anna" in page.text) == (200, True)
    page = two_people.post("/sign-out", page.form("/sign-out"))
    assert page.address.endswith("/sign-in")
    assert two_people.get("/fields").status == 401


def test_signing_in_opens_the_page_that_the_person_wanted(two_people):
    page = two_people.get("/unmatched?status=not_found")
    form = [*page.form("/sign-in"), ("token", ANNAS)]
    assert two_people.post("/sign-in", form).address == f"{two_people.url}/unmatched?status=not_found"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "x", "/a\r\nb"]
)
def test_signing_in_never_leads_to_another_site(two_people, elsewhere):
    page = two_people.post("/sign-in", [("token", ANNAS), ("next", elsewhere)])
    assert page.address == f"{two_people.url}/fields"


def test_a_person_who_may_view_sees_every_page_and_changes_nothing(two_people, synced):
    two_people.post("/sign-in", [("token", BOBS)])
    for path in ("/fields", "/labels", "/health", "/to-salesforce", "/sync"):
        page = two_people.get(path)
        assert page.status == 200, path
        assert "bob (may view)" in page.text
        assert "Someone who may edit has to make changes." in page.text
    before = synced.configuration.read_bytes()
    for path, fields in (
        ("/labels", two_people.labelled(Industry="Branch")),
        ("/fields/save", [*two_people.get("/labels").form("/labels"), ("shown", "Phone"), ("selected", "Phone")]),
        ("/sync", two_people.get("/labels").form("/labels")),
    ):
        page = two_people.post(path, fields)
        assert page.status == 403, path
        assert "You may look at these pages but not change anything" in page.text
    assert synced.configuration.read_bytes() == before
    assert two_people.pages.worker.last is None


def test_a_person_who_may_view_gets_no_inputs_to_type_into(two_people):
    two_people.post("/sign-in", [("token", BOBS)])
    for path in ("/fields", "/labels", "/settings"):
        page = two_people.get(path)
        assert 'class="save"' not in page.html, path
    fields = two_people.get("/fields")
    boxes = re.findall(r'<input type="checkbox"[^>]*>', fields.html)
    assert boxes
    assert all(" disabled" in box for box in boxes)
    filtered = two_people.get("/fields?q=phone&selected=no&sort=field-down")
    assert "Phone" in filtered.names()
    assert 'aria-sort="descending"' in filtered.html


def test_a_refused_label_is_undone_in_the_name_of_who_wrote_it(synced):
    with edited_by("anna"), editing(synced.configuration) as before:
        written = before.with_labels({"Industry": "Branch"})
        before.replace(written)
        end = republishing.outcome_of(before, written)
    with ThreadPoolExecutor() as another:
        said = another.submit(end, republishing.REFUSED).result()
    assert said == "The change was refused, and account_field_sync.yaml is as it was before."
    assert [revision.by for revision in revisions_of(synced.configuration)] == [None, "anna", "anna"]


def test_a_person_who_may_edit_saves(two_people, synced):
    two_people.post("/sign-in", [("token", ANNAS)])
    assert two_people.post("/labels", two_people.labelled(Industry="Branch")).status == 200
    two_people.wait()
    assert "Branch" in synced.configuration.read_text()
    assert revisions_of(synced.configuration)[-1].by == "anna"


@pytest.mark.parametrize(
    ("headers", "shown", "status"),
    [
        ({"X-Forwarded-Email": "anna@example.com"}, "anna@example.com", 200),
        ({"X-Forwarded-Email": "CARLA@example.com"}, "CARLA@example.com", 200),
        ({"X-Forwarded-Email": "dora@example.com"}, "dora@example.com (may view)", 403),
        ({"X-Forwarded-Email": "<script>x</script>"}, "&lt;script&gt;x&lt;/script&gt; (may view)", 403),
        ({}, None, 403),
        ({"X-Forwarded-Email": ""}, None, 403),
    ],
)
def test_the_proxys_header_names_the_person(behind_a_proxy, headers, shown, status):
    proxy = {"Authorization": f"Bearer {PROXY}", **headers}
    page = behind_a_proxy.get("/labels", **proxy)
    assert page.status == 200
    if shown:
        assert f'<span class="person">{shown}</span>' in page.html
    assert "Sign out" not in page.text, "the proxy signs people out"
    assert behind_a_proxy.post("/labels", page.form("/labels"), **proxy).status == status


def test_the_header_counts_only_with_the_proxys_token(behind_a_proxy):
    anna = {"X-Forwarded-Email": "anna@example.com"}
    assert behind_a_proxy.get("/labels", **anna).status == 401
    assert behind_a_proxy.get("/labels", Authorization="Bearer a wrong token of a guest", **anna).status == 401


def test_a_person_cannot_take_anothers_name_with_their_own_token():
    people = People.parse(PROXY, HEADER | {"SF_INSIGHTS_SETTINGS_TOKENS": TOKENS})
    bob = people.with_token(BOBS)
    assert bob == Person("bob", may_edit=False)
    assert people.behind(bob, {"X-Forwarded-Email": "anna"}) == bob


@pytest.mark.parametrize(
    ("token", "variables", "said"),
    [
        ("short", {}, "The token is shorter than 16 characters."),
        (None, {"SF_INSIGHTS_SETTINGS_TOKENS": "anna:edit:short"}, "The token of anna is shorter than 16 characters."),
        (None, {"SF_INSIGHTS_SETTINGS_TOKENS": "anna:own:a-long-enough-token"}, "Entry 1 of"),
        (None, {"SF_INSIGHTS_SETTINGS_TOKENS": f"anna:edit:{ANNAS} b:a-secret-token"}, "Entry 2 of"),
        (None, {"SF_INSIGHTS_SETTINGS_TOKENS": f"anna:edit:{ANNAS},bob:view:{ANNAS}"}, "bob has the token of someone"),
        (None, HEADER, "anyone who reaches the pages could send that header"),
        (None, HEADER | {"SF_INSIGHTS_SETTINGS_TOKENS": TOKENS}, "anyone who reaches the pages could send that header"),
        (PROXY, {"SF_INSIGHTS_SETTINGS_USER_HEADER": "X Name:"}, "is not the name of a request header"),
        (PROXY, {"SF_INSIGHTS_SETTINGS_EDITORS": "anna"}, "no header says who they are"),
    ],
)
def test_settings_that_would_let_in_too_many_are_refused(token, variables, said):
    with pytest.raises(ConfigurationProblem) as refused:
        People.parse(token, variables)
    assert said in str(refused.value)
    assert "a-secret-token" not in str(refused.value)


def test_without_names_nobody_signs_in(site):
    page = site.get("/labels")
    assert page.status == 200
    assert "Sign out" not in page.text
