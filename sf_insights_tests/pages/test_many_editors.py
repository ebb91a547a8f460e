"""Concurrent edits of the settings file: no edit is lost, and no reader sees half a file."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.configuration_file import ConfigurationFile, editing, load_configuration
from sf_insights_tests.cli.conftest import CONFIGURATION
from sf_insights_tests.forked import commanded

FIELDS = ["Industry", "Rating", "Phone"]


@pytest.mark.slow
def test_concurrent_commands_lose_no_edit(sf_insights, tmp_path):
    sf_insights.configure(fields=FIELDS, timezone="Europe/Vienna")
    commands = [["label", field, f"Label of {field}"] for field in FIELDS[:-1]]
    commands += [["select", "Fax"], ["deselect", FIELDS[-1]]]
    with ThreadPoolExecutor() as processes:
        running = [processes.submit(commanded, tmp_path, *words) for words in commands]
        while not all(process.done() for process in running):
            assert load_configuration(sf_insights.configuration).timezone == "Europe/Vienna"
    assert [process.result()[0] for process in running] == [0] * len(running), [one.result() for one in running]
    entries = load_configuration(sf_insights.configuration).fields
    assert {entry.field: entry.label for entry in entries} == {
        **{field: f"Label of {field}" for field in FIELDS[:-1]},
        "Fax": None,
    }
    left = {path.name for path in sf_insights.data.iterdir()}
    assert left == {sf_insights.configuration.name, "account_field_sync.revisions"}


def test_two_tabs_saving_at_once_lose_no_edit(site, sf_insights):
    forms = [site.chosen(select=(name,)) for name in ("Phone", "Website", "Fax")]
    with ThreadPoolExecutor() as tabs:
        answers = list(tabs.map(lambda form: requests.post(f"{site.url}/fields/save", data=form, timeout=60), forms))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert all("was changed in the meantime" in answer.text for answer in answers if answer.status_code == 409)
    selected = {entry.field for entry in load_configuration(sf_insights.configuration).fields}
    assert len(selected & {"Phone", "Website", "Fax"}) == 1


def test_an_edit_saved_without_our_lock_is_not_overwritten(sf_insights):
    with editing(sf_insights.configuration) as file:
        sf_insights.configuration.write_text(CONFIGURATION + "# by hand\n")
        with pytest.raises(ConfigurationProblem, match="was changed in the meantime"):
            file.replace(file.with_labels({"Industry": "Branch"}))
    assert sf_insights.configuration.read_text() == CONFIGURATION + "# by hand\n"


def test_an_unwritable_file_is_reported_and_stays(site, sf_insights):
    # Block the path where the new content is written first.
    (sf_insights.data / f".{sf_insights.configuration.name}.part").mkdir()
    said = sf_insights("label", "Industry", "Branch")
    assert said.code == 1
    assert "account_field_sync.yaml cannot be written" in said.err
    assert sf_insights.configuration.read_text() == CONFIGURATION
    page = site.post("/fields/save", site.chosen(select=("Phone",)))
    assert page.status == 500
    assert "account_field_sync.yaml cannot be written" in page.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another user")
def test_an_edit_by_root_keeps_the_files_owner(sf_insights):
    os.chown(sf_insights.configuration, 12345, 23456)
    sf_insights.configuration.chmod(0o640)
    assert sf_insights("label", "Industry", "Branch").code == 0
    stat = sf_insights.configuration.stat()
    assert (stat.st_uid, stat.st_gid, stat.st_mode & 0o777) == (12345, 23456, 0o640)
    assert ConfigurationFile.read(sf_insights.configuration).configuration.fields[0].label == "Branch"
