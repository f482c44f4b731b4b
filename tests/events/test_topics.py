import re

import pytest

from unionflow_events import CATALOGUE, InvalidSetting, TopicNames

FIVE = tuple(topic.name for topic in CATALOGUE)


@pytest.mark.parametrize("entries", [None, [], ["", "  "]])
def test_with_no_entry_the_topics_are_the_catalogues_five(entries: list[str] | None) -> None:
    assert TopicNames.from_entries(entries).real == FIVE


def test_a_prefix_stands_before_plain_names_alone() -> None:
    names = TopicNames.from_entries(
        ["unionflow.members.events", "unionflow.dashboard.stats=stats", "audit"], "dakar."
    )

    assert names.real == ("dakar.unionflow.members.events", "stats", "dakar.audit")


def test_names_are_found_both_ways() -> None:
    names = TopicNames.from_entries(["unionflow.dashboard.stats = stats", "audit"], "dakar.")

    assert names.catalogue_name("stats") == "unionflow.dashboard.stats"
    assert names.real_name("unionflow.dashboard.stats") == "stats"


def test_a_topic_that_the_catalogue_does_not_have_keeps_its_real_name() -> None:
    names = TopicNames.from_entries(["audit"], "dakar.")

    assert names.catalogue_name("dakar.audit") == "dakar.audit"


def test_a_publisher_finds_a_topic_of_the_catalogue_that_no_entry_names() -> None:
    names = TopicNames.from_entries(["unionflow.members.events"], "dakar.")

    assert names.real_name("unionflow.dashboard.stats") == "dakar.unionflow.dashboard.stats"


REFUSED = [
    (
        "an unknown name before the sign",
        ["stats=a"],
        "",
        "UNIONFLOW_TOPICS: 'stats=a' has no topic",
    ),
    ("a name Kafka does not allow", ["a/b"], "", "UNIONFLOW_TOPICS: 'a/b' is no name for Kafka"),
    ("a name of dots", [".."], "", "UNIONFLOW_TOPICS: '..' is no name for Kafka"),
    ("nothing after the sign", [f"{FIVE[0]}="], "", "is no name for Kafka"),
    ("a name too long with its prefix", ["a" * 150], "b" * 150, "is no name for Kafka"),
    ("a topic twice", ["a", "a"], "", "names a topic that another entry has named"),
    ("a real name twice", ["a", f"{FIVE[0]}=a"], "", "names a topic that another entry has named"),
    ("a prefix with a space", None, "a b", "UNIONFLOW_TOPIC_PREFIX: 'a b' has more than 200"),
]


@pytest.mark.parametrize(
    ("entries", "prefix", "message"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_a_wrong_entry_is_named_with_what_would_do(
    entries: list[str] | None, prefix: str, message: str
) -> None:
    with pytest.raises(InvalidSetting, match=re.escape(message)):
        TopicNames.from_entries(entries, prefix)
