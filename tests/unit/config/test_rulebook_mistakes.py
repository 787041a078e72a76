"""A rulebook with mistakes: all of them at once, each with its path and what was expected."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config import ConfigError, RulebookError, load_rulebook

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(text: str, name: str = "ours.yaml") -> Path:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return _write


def mistakes_in(file: Path) -> dict[str, tuple[str, str]]:
    """Path → what was found, what was expected."""
    with pytest.raises(RulebookError) as caught:
        load_rulebook(file)
    return {mistake.path: (mistake.found, mistake.expected) for mistake in caught.value.mistakes}


NINE = """
extends: default
rules:
  G01:
    points: lots
  G02:
    group: froms
    decay: {half_life_days: 0}
  G03:
    poitns: 20
  W01:
    ranges: [{min: 2, max: 6, points: 3}]
  F02:
    cases:
      - {min: 5, max: 1, points: 10}
policy:
  stages:
    mql: {enter: 70, exit: 75}
  moves: sideways
  moves: up
"""


def test_nine_mistakes_are_all_named_at_once(write: Write) -> None:
    assert mistakes_in(write(NINE)) == {
        "policy.moves": ("this key again in line 20, after line 19", "each key once"),
        "rules.G01.points": ("'lots'", "a number"),
        "rules.G02.group": ("'froms'", "a group: forms, perhaps"),
        "rules.G02.decay.half_life_days": ("0", "more than 0"),
        "rules.G03.poitns": ("an unknown key", "points, perhaps"),
        "rules.W02.ranges.0": ("a mapping", "a range that shares no count with those of W01"),
        "rules.F02.cases.0.max": ("1", "min (5) or more"),
        "policy.stages.mql.enter": ("70", "less than the entry line of sql (65)"),
        "policy.stages.mql.exit": ("75", "at most the entry line (70), or leads would flap"),
    }


def test_a_refusal_says_how_many_and_names_each(write: Write) -> None:
    with pytest.raises(ConfigError, match="has 2 mistakes; nothing was changed") as caught:
        load_rulebook(write("extends: default\nreasons_max: 0\npolicy: {min_delta: many}\n"))
    assert "reasons_max: found 0; expected 1 or more" in str(caught.value)
    assert "policy.min_delta: found 'many'; expected a whole number" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        ("rules: {X: {label: X, group: web, kind: visits, points: 1}}", "rules.X.kind", "visit, perhaps"),
        ("rules: {X: {label: X, group: web, form: demo, points: 1}}", "rules.X.form", "a class of forms"),
        ("rules: {X: {label: X, group: web, page: price, points: 1}}", "rules.X.page", "pricing, perhaps"),
        ("rules: {X: {label: X, group: web, points: 1}}", "rules.X", "one of kind, form and page"),
        ("rules: {X: {group: web, kind: visit, points: 1}}", "rules.X.label", "this key is needed"),
        ("rules: {X: 5}", "rules.X", "a mapping"),
        ("rules: {F01: {fact: industri}}", "rules.F01.fact", "industry, perhaps"),
        ("rules: {F01: {cases: [{any_of: industry, points: 1}]}}", "rules.F01.cases.0.any_of", "the name of one"),
        ("rules: {F01: {cases: [{min: 3, points: 1}]}}", "rules.F01.cases.0.min", "which is of type text"),
        ("rules: {F01: {cases: [{points: 1}]}}", "rules.F01.cases.0", "one condition"),
        ("rules: {F01: {fact: off}}", "rules.F01.cases.0", "a fact, here or in the rule"),
        ("rules: {F01: {cases: [{phrases: ['*'], points: 1}]}}", "rules.F01.cases.0.phrases.0", "a letter or digit"),
        ("rules: {G01: {points: .inf}}", "rules.G01.points", "not infinite"),
        ("rules: {G01: {points: true}}", "rules.G01.points", "a number"),
        ("rules: {G01: {decay: {per_days: 30}}}", "rules.G01.decay", "either half_life_days, or"),
        ("rules: {G01: {points: -5}}", "rules.G01.points_max", "no cap on points that are taken away"),
        ("rules: {G01: {level: top}}", "rules.G01.level", "'tofu', 'mofu' or 'bofu'"),
        ("rules: {E05: {bands: [{points: 1}, {days_max: 3, points: 0}]}}", "rules.E05.bands.1", "none can follow"),
        (
            "rules: {E05: {bands: [{days_max: 9, points: 1}, {days_max: 9, points: 0}]}}",
            "rules.E05.bands.1.days_max",
            "more days than the band before it has (9)",
        ),
        ("rules: {E06: {not_with_last_band_of: E04}}", "rules.E06.not_with_last_band_of", "a rule with bands"),
        ("caps: {x: {label: X, rules: [G01, W01], points_max: 3}}", "caps.x.rules", "rules of one group"),
        ("caps: {x: {label: X, rules: [G99], points_max: 3}}", "caps.x.rules.0", "a rule: "),
        ("groups: {web: {points_max: 5, points_min: 9}}", "groups.web.points_max", "points_min (9) or more"),
        ("groups: {web: {part: both}}", "groups.web.part", "'fit', 'engagement', 'adjustment' or 'apart'"),
        ("grade: {fit: [10, 20, 30]}", "grade.fit", "the largest first"),
        ("forms: {demo: [5]}", "forms.demo.0", "text"),
        ("lists: {own_domains: [me@a.example]}", "policy.exclusions.own_domains.0", "a domain such as"),
        ("lists: {own_domains: missing.txt}", "lists.own_domains", "a text file next to ours.yaml"),
        ("sources: {facts: {phone: {type: count_true}}}", "sources.facts.phone.from.0", "ends in *"),
        ("sources: {facts: {phone: {tier: gold}}}", "sources.facts.phone.tier", "'enterprise'"),
        ("sources: {engagements: {chat: [{tier: free}]}}", "sources.engagements.chat.0", "count, at and name"),
        ("sources: {facts: {vip: {list: 12, type: bool, tier: free}}}", "sources.facts.vip.list", "in quotes"),
        ("sources: {facts: {vip: {list: VIPs, type: bool, tier: free}}}", "sources.facts.vip.list", 'as "12"'),
        ('sources: {facts: {vip: {list: "1", type: text, tier: free}}}', "sources.facts.vip.type", "bool: who is on"),
        ('sources: {facts: {phone: {list: "1"}}}', "sources.facts.phone", "either from, with properties, or list"),
        ("sources: {engagements: {chat: [{feed: mail, tier: free}]}}", "sources.engagements.chat.0.feed", "the act"),
        (
            "sources: {engagements: {chat: [{feed: mail, act: opened, tier: free}]}}",
            "sources.engagements.chat.0.act",
            "an act of mail: open, perhaps",
        ),
        (
            "sources: {engagements: {chat: [{feed: mail, act: open, at: [x], tier: free}]}}",
            "sources.engagements.chat.0.at",
            "either a feed, or properties",
        ),
        (
            "sources: {engagements: {chat: [{at: [x], named: [y], tier: free}]}}",
            "sources.engagements.chat.0.named",
            "a feed whose acts these are",
        ),
        ("forms: {trial: [{id: a, name: b}]}", "forms.trial.0", "either id or name"),
        ("forms: {trial: [{nmae: b}]}", "forms.trial.0.nmae", "name, perhaps"),
        ("forms: {trial: [{id: a}], bofu: [x, {id: A}]}", "forms.bofu.1.id", "not in trial already"),
        ("groups: {p: {label: P, part: apart}}", "groups.p.part", "a score, under scores"),
        (
            "scores: {x: {label: X, property: lead_score, of: leads, groups: [web]}}",
            "scores.x.property",
            "a property of its own",
        ),
        (
            "scores: {x: {label: X, property: x, of: all, groups: [wbe]}}",
            "scores.x.groups.0",
            "a group: web, perhaps",
        ),
        ("account: {label: A, property: a, of: best}", "account.of", "'top', 'sum' or 'average'"),
        (
            "policy: {surge: {points: 5, days: 7, quiet_points: 5, quiet_days: 30}}",
            "policy.surge.quiet_points",
            "fewer points than those of a surge (5)",
        ),
        ("policy: {stages: {sql: {stage: lead}}}", "policy.stages.sql.stage", "not used above"),
        ("policy: {stages: {mql: {exit: 61}, sql: {exit: 60}}}", "policy.stages.mql.exit", "at most"),
        ("policy: {gates: {origin_groups: [sources]}}", "policy.gates.origin_groups.0", "source, perhaps"),
        ("properties: {fit: lead_score}", "properties.fit", "a property of its own"),
        ("properties: {score: Lead Score}", "properties.score", "a property's name"),
        ("extra: 1", "extra", "one of: "),
        ("policy: off", "policy", "this key is needed"),
    ],
)
def test_a_mistake_has_its_path_and_what_was_expected(write: Write, change: str, path: str, expected: str) -> None:
    found = mistakes_in(write(f"extends: default\n{change}\n"))
    assert expected in found[path][1]


@pytest.mark.parametrize(
    ("text", "path", "found", "expected"),
    [
        ("extends: defualt", "extends", "'defualt'", "default, perhaps"),
        (
            "extends: default\nlists: {industries_primry: [Retail]}",
            "lists.industries_primry",
            "nothing uses",
            "perhaps",
        ),
        ("extends: default\nrules: {Z99: {points: 5}}", "rules.Z99", "there is no rule Z99", "a rule of its own"),
    ],
)
def test_a_name_that_leads_nowhere_is_one_mistake_with_what_was_meant(
    write: Write, text: str, path: str, found: str, expected: str
) -> None:
    ((where, told),) = mistakes_in(write(f"{text}\n")).items()
    assert where == path
    assert found in told[0]
    assert expected in told[1]


@pytest.mark.parametrize(
    ("change", "path", "noun", "meant"),
    [
        ("rules: {E2: off}", "rules.E2", "rule", "E02, perhaps"),
        ("rules: {E2: }", "rules.E2", "rule", "E02, perhaps"),
        ("rules: {G01: {dcay: off}}", "rules.G01.dcay", "key", "decay, perhaps"),
        ("groups: {mail: off}", "groups.mail", "group", "email, perhaps"),
        ("caps: {mofu_form: off}", "caps.mofu_form", "cap", "mofu_forms, perhaps"),
        ("lists: {own_domain: off}", "lists.own_domain", "list", "own_domains, perhaps"),
        ("forms: {bofuu: off}", "forms.bofuu", "class", "bofu, perhaps"),
        ("pages: {price: off}", "pages.price", "class", "pricing, perhaps"),
        ("sources: {facts: {fone: off}}", "sources.facts.fone", "fact", "phone, perhaps"),
        ("sources: {engagements: {visits: off}}", "sources.engagements.visits", "kind", "visit, perhaps"),
        ("scores: {retail: off}", "scores.retail", "score", "none: there are none"),
        ("acount: off", "acount", "key", "account, perhaps"),
        ("policy: {surg: off}", "policy.surg", "key", "surge, perhaps"),
    ],
)
def test_what_is_turned_off_and_is_not_there_is_one_mistake_with_what_was_meant(
    write: Write, change: str, path: str, noun: str, meant: str
) -> None:
    ((where, (found, expected)),) = mistakes_in(write(f"extends: default\n{change}\n")).items()
    assert where == path
    assert found.endswith(f", but there is no such {noun} to turn off")
    assert meant in expected


def test_what_is_turned_off_and_is_not_there_is_named_beside_other_mistakes(write: Write) -> None:
    found = mistakes_in(
        write("extends: default\nrules: {E2: off, Z9: {points: 1}, G01: {points: many}}\nreasons_max: 0\n")
    )
    assert found.keys() == {"rules.E2", "rules.Z9", "rules.G01.points", "reasons_max"}
    assert "rules.E2" in mistakes_in(write("rules: {E2: off}\n"))


def test_what_may_be_there_and_is_not_may_be_turned_off(write: Write) -> None:
    load_rulebook(
        write("extends: default\naccount: off\npolicy: {surge: off}\nrules: {G01: {level: off, window_days: off}}\n")
    )
    write("extends: default\nrules: {E02: off}\n", "base.yaml")
    load_rulebook(write("extends: base.yaml\nrules: {E02: off}\n"))


def test_a_new_list_that_a_rule_names_is_no_mistake(write: Write) -> None:
    rule = "X: {label: X, group: fit, fact: industry, cases: [{any_of: hobbies, points: 1}]}"
    load_rulebook(write(f"extends: default\nlists: {{hobbies: [Chess]}}\nrules: {{{rule}}}\n"))


def test_what_is_not_yaml_is_worded_once(write: Write) -> None:
    ((found, expected),) = mistakes_in(write("rules:\n  G01: [1, 2\n")).values()
    assert (found, expected) == ("'<stream end>'", "',' or ']'")


def test_what_is_not_yaml_is_named_by_line_and_column(write: Write) -> None:
    assert list(mistakes_in(write("rules:\n  G01: [1, 2\n"))) == ["line 3, column 1"]
    assert list(mistakes_in(write("rules: !!python/name:os.system\n"))) == ["line 1, column 8"]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "- a\n- list\n", "text"])
def test_a_file_that_is_no_mapping_is_refused(write: Write, text: str) -> None:
    (mistake,) = mistakes_in(write(text)).values()
    assert mistake[1] == "a mapping of keys to values"


def test_a_file_that_is_not_there_names_itself_and_the_packaged_ones(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    assert mistakes_in(missing) == {
        str(missing): ("no file of this name", "a file that can be read, or one of: default, classic")
    }


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    assert mistakes_in(file)[str(file)][1] == "a YAML file in UTF-8"


def test_rulebooks_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("extends: b.yaml\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("extends: a.yaml\n", encoding="utf-8")
    ((path, (found, _)),) = mistakes_in(tmp_path / "a.yaml").items()
    assert (path, found) == ("b.yaml: a.yaml: extends", "a circle: a.yaml extends itself")


def test_mistakes_of_the_rulebook_that_is_extended_say_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("extends: default\nrules: [\n", encoding="utf-8")
    (tmp_path / "ours.yaml").write_text("extends: base.yaml\n", encoding="utf-8")
    assert list(mistakes_in(tmp_path / "ours.yaml")) == ["base.yaml: line 3, column 1"]
