"""What README and docs say is so: commands, settings, properties, examples, outputs, links."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from config import Settings, load_rulebook
from scoring import Contact, Engagement, score_contact
from sync.cli import app
from sync.hubspot.provisioning import GROUP
from tests.builders import NOW

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def commands_said(page: Path) -> Iterator[list[str]]:
    """Every `scoreline …` that the page tells a reader to type, in code spans and in blocks without a language."""
    text = page.read_text()
    spans = re.findall(r"`((?:[A-Z_]+=\S+ )*scoreline [^`\n]+)`", text)
    lines = [line.partition("#")[0] for block in blocks(page, "") for line in block.splitlines()]
    for said in [*spans, *lines]:
        for part in re.split(r"&&|>", said):
            words = part.split()
            while words and "=" in words[0]:
                words.pop(0)
            if words and words[0] == "scoreline":
                yield words[1:]


@cache
def help_of(*command: str) -> str:
    asked = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert asked.exit_code == 0, f"scoreline {' '.join(command)} --help: {asked.output}"
    return asked.stdout


@EVERY_PAGE
def test_every_command_and_option_that_a_page_names_exists(page: Path) -> None:
    for words in commands_said(page):
        command = words[:1]
        if command[0] in ("plan", "rulebook") and len(words) > 1 and words[1] in ("show", "apply", "check", "schema"):
            command = words[:2]
        known = help_of(*command)
        for option in (word for word in words if word.startswith("--")):
            assert option in known, f"{page.name}: scoreline {' '.join(words)}"


def test_readme_lists_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    listed = re.search(r"Commands ─.*?╰", help_of(), flags=re.DOTALL)
    assert listed
    for command in re.findall(r"^│ ([a-z]+) ", listed[0], flags=re.MULTILINE):
        assert re.search(rf"`(scoreline )?{command}\b", readme), command


@EVERY_PAGE
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    named = set(re.findall(r"\b(?:SCORELINE|HUBSPOT|DATABASE)_[A-Z_]+\b", page.read_text()))
    assert named <= known


@EVERY_PAGE
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_readme_names_our_properties_as_they_are_provisioned() -> None:
    readme = (ROOT / "README.md").read_text()
    said = set(re.findall(r"`(lead_(?:score|grade|scoring)\w*)`", readme))
    assert said == set(load_rulebook().properties.values())
    assert GROUP.replace("_", " ").capitalize() in readme


def test_the_rulebook_in_readme_is_one(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(blocks(ROOT / "README.md", "yaml")[0])
    rulebook = load_rulebook(file)
    lead = Contact(id="1", facts={"free_tool": True}, engagements=[Engagement(kind="email_open", at=NOW)])
    lines = {line.key: line for line in score_contact(lead, rulebook.rubric, NOW).lines}
    assert lines["A01"].points == 12
    assert "E02" not in lines
    assert (rulebook.policy.moves, rulebook.policy.mql.enter) == ("up", 40)


def test_the_rules_shown_in_the_rulebook_page_are_those_of_the_default_one() -> None:
    shown = [yaml.safe_load(block) for block in blocks(ROOT / "docs" / "rulebook.md", "yaml")]
    default = yaml.safe_load(load_rulebook().text)
    rules = {key: rule for block in shown for key, rule in block.items() if key[0] in "FGWEKRN" and key[1:].isdigit()}
    assert rules
    for key, rule in rules.items():
        assert rule == default["rules"][key]


@pytest.mark.parametrize("place", range(len(blocks(ROOT / "docs" / "rulebook.md", "yaml"))))
def test_what_the_rulebook_page_shows_can_stand_in_a_rulebook(tmp_path: Path, place: int) -> None:
    shown = yaml.safe_load(blocks(ROOT / "docs" / "rulebook.md", "yaml")[place])
    rules = {key: shown.pop(key) for key in list(shown) if key[1:].isdigit()}
    file = tmp_path / "ours.yaml"
    file.write_text(yaml.safe_dump({"extends": "default"} | shown | ({"rules": rules} if rules else {})))
    load_rulebook(file)


def test_the_procfile_in_readme_is_the_procfile() -> None:
    assert (ROOT / "Procfile").read_text() in (ROOT / "README.md").read_text()


def test_make_has_every_target_that_readme_names() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text()):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_demo_prints_what_readme_shows() -> None:
    """Numbers depend on the day; the sentences and the kinds of changes do not."""
    shown = next(block for block in blocks(ROOT / "README.md", "text") if block.startswith("4. The resync."))
    ran = subprocess.run([sys.executable, "-m", "sync", "demo"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.returncode == 0, ran.stderr
    assert _numberless(shown) <= _numberless(ran.stdout)


def _numberless(text: str) -> set[str]:
    text = re.sub(r"default-[0-9a-f]{8}", "default-…", text)
    return {re.sub(r"\s+", " ", re.sub(r"\d[\d,.]*", "#", line)).strip() for line in text.splitlines()}


def test_decisions_are_all_listed_in_their_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    for page in folder.glob("0*.md"):
        assert f"({page.name})" in index
