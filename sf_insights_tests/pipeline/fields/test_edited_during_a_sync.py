"""The settings file edited during a sync: the sync keeps its selection and uses the new labels."""

from io import StringIO

import pytest
from ruamel.yaml import YAML

from sf_insights_tests.soak import some

RATING = {"field": "Rating", "label": "Standing", "format": "percent 1", "archived": True}
BEGAN_WITH = ["Industry", RATING]
RELABELLED = [{"field": "Industry", "label": "Branch"}, RATING]
LAST_STEP = "insights__published_snapshot"
LABELS_STEP = "insights__field_labels"


@pytest.fixture
def edited_during(sync):
    """Run a sync, and write a text into the settings file when one of its steps starts."""

    def run(day, step, text):
        messages = []

        def listen(news):
            if news.step == step and news.kind == "began":
                sync.configuration.write_text(text, encoding="utf-8")
            if news.kind == "warned":
                messages.append(news.text)

        done = sync.run(day, on_news=listen)
        assert sync.configuration.read_text(encoding="utf-8") == text
        assert done.success, done.reason
        return done, " ".join(messages)

    return run


def file_with(fields, **settings):
    text = StringIO()
    YAML().dump({"timezone": "UTC", "fields": fields, **settings}, text)
    return text.getvalue()


def labels(run):
    return dict(run.rows("SELECT field, label FROM insights.field_labels"))


@pytest.mark.parametrize("step", [LABELS_STEP, LAST_STEP])
def test_a_label_saved_during_a_sync_is_published_at_its_end(sync, edited_during, step):
    sync.configure(fields=BEGAN_WITH)
    run, _ = edited_during("2026-03-01", step, file_with(RELABELLED))
    assert labels(run) == {"Industry": "Branch", "Rating": "Standing"}
    assert run.rows('SELECT count("Branch") > 0 FROM insights.account_attributes_labelled') == [(True,)]


NO_YAML = ("fields: [", "is not valid YAML")
ONE_LABEL_TWICE = (
    file_with([{"field": "Industry", "label": "Same"}, {"field": "Rating", "label": "same"}]),
    "is also the label",
)


@pytest.mark.parametrize(
    ("step", "text", "reason"),
    some(
        [
            (LABELS_STEP, *NO_YAML),
            (LAST_STEP, *ONE_LABEL_TWICE),
            (LABELS_STEP, *ONE_LABEL_TWICE),
            (LAST_STEP, *NO_YAML),
        ],
        2,
    ),
)
def test_a_file_that_becomes_invalid_during_a_sync_does_not_stop_it(sync, edited_during, step, text, reason):
    sync.configure(fields=BEGAN_WITH)
    run, messages = edited_during("2026-03-01", step, text)
    assert labels(run) == {"Industry": "Sssf Industry", "Rating": "Standing"}
    assert (run.field("Rating").display_format, run.field("Rating").is_archived) == ("percent 1", True)
    assert "Standing" not in {name for name, *_ in run.rows("DESCRIBE insights.account_attributes_labelled")}
    assert reason in messages
    assert "The labels" in messages


@pytest.mark.parametrize("step", some([LABELS_STEP, LAST_STEP], 1))
def test_a_sync_switched_off_while_it_runs_completes_and_is_the_last(sync, edited_during, step):
    sync.configure(fields=BEGAN_WITH)
    switched_off = file_with(RELABELLED, enabled=False)
    run, messages = edited_during("2026-03-01", step, switched_off)
    assert labels(run) == {"Industry": "Branch", "Rating": "Standing"}
    assert messages == ""
    after = sync.run("2026-03-02")
    assert not after.success
    assert "switched off" in after.reason


def test_labels_can_be_edited_while_the_synchronization_is_switched_off(sync):
    sync.first_day(fields=["Industry", "Rating"])
    dotted = "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}l"  # another label, although DuckDB makes it "il" in lower case
    edited = [{"field": "Industry", "label": dotted}, {"field": "Rating", "label": "il"}]
    assert labels(sync.relabel(enabled=False, fields=edited)) == {"Industry": dotted, "Rating": "il"}
