"""From a rulebook's file to its content: YAML, what it extends, and the lists it keeps in files of their own."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from config.rulebook_mistakes import Mistake, in_yaml
from config.rulebook_names import Content, mapping, nearest
from config.rulebook_shape import keys_at

_PACKAGED = Path(__file__).parent / "rulebooks"
PACKAGED_NAMES = ("default", "classic")
OFF = "off"
"""A key with this value, or with none, is as if it were not there."""


class _Loader(yaml.SafeLoader):
    """Plain YAML in which only `true` and `false` are not text: `no` stays Norway, and dates stay as written."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


@dataclass(frozen=True, slots=True)
class Reading:
    """A rulebook's content, complete in itself, and what was wrong on the way to it."""

    content: dict[str, Any] | None
    mistakes: list[Mistake] = field(default_factory=list)


def file_of(rulebook: str | Path | None) -> Path:
    """The file of a packaged rulebook's name, or the file itself; None is the packaged default."""
    name = "default" if rulebook is None else str(rulebook)
    return _PACKAGED / f"{name}.yaml" if name in PACKAGED_NAMES else Path(name)


def read_rulebook(file: Path) -> Reading:
    """Read a file, put it over the one it extends, and write out its lists."""
    try:
        reading = _read(file, extended_by=())
        if reading.content is None:
            return reading
        content = _without_what_is_off(reading.content)
    except RecursionError:  # thousands of brackets, or an alias inside of what it stands for
        return _failed(str(file), "values within values without end", "values no deeper than the default rulebook's")
    return Reading({"name": file.stem} | content, reading.mistakes)


def _read(file: Path, extended_by: tuple[Path, ...]) -> Reading:
    if file.resolve() in extended_by:
        return _failed("extends", f"a circle: {file.name} extends itself", "a rulebook that does not lead back")
    reading = _parsed(file)
    if reading.content is None:
        return reading
    content, mistakes = reading.content, list(reading.mistakes)
    mistakes += _write_out_lists(content, file)
    name = content.pop("extends", OFF)
    if name in (None, OFF):
        mistakes += _off_without_being_there(content, {})
    else:
        if not isinstance(name, str):
            mistakes.append(Mistake(path="extends", found=in_yaml(name), expected=_EXPECTED_FILE))
            return Reading(None, mistakes)
        path = file.parent / file_of(name)
        if not path.exists():
            mistakes.append(Mistake(path="extends", found=in_yaml(name), expected=_file_expected_for(name)))
            return Reading(None, mistakes)
        base = _read(path, (*extended_by, file.resolve()))
        mistakes += [_within(name, mistake) for mistake in base.mistakes]
        if base.content is None:
            return Reading(None, mistakes)
        base.content.pop("name", None)
        mistakes += _changes_to_no_rule(content, base.content)
        mistakes += _off_without_being_there(content, base.content)
        over, content = content, _merged(base.content, content)
        mistakes += _lists_for_nothing(over, base.content, content)
    return Reading(content, mistakes)


_EXPECTED_FILE = f"a file that can be read, or one of: {', '.join(PACKAGED_NAMES)}"


def _file_expected_for(name: str) -> str:
    near = difflib.get_close_matches(name, PACKAGED_NAMES, n=1)
    return f"{_EXPECTED_FILE}; {near[0]}, perhaps" if near else _EXPECTED_FILE


def _changes_to_no_rule(content: dict[str, Any], base: dict[str, Any]) -> Iterator[Mistake]:
    """Changes to rules that the other rulebook does not have. They are taken out: what else they lack is no help."""
    rules, known = mapping(content, "rules"), mapping(base, "rules")
    strays = [k for k, v in rules.items() if k not in known and isinstance(v, dict) and not {"label", "group"} & {*v}]
    for key in strays:
        expected = f"a rule of its own, with label, group and what earns points, or a change to {nearest(key, known)}"
        yield Mistake(path=f"rules.{key}", found=f"a change, but there is no rule {key}", expected=expected)
    if strays:
        content["rules"] = {key: value for key, value in rules.items() if key not in strays}


_NOUNS = {
    "rules": "rule",
    "groups": "group",
    "caps": "cap",
    "lists": "list",
    "scores": "score",
    "forms": "class",
    "pages": "class",
    "facts": "fact",
    "engagements": "kind",
}


def _off_without_being_there(content: dict[str, Any], base: Content, *path: str) -> Iterator[Mistake]:
    """What is turned off, and is neither in the other rulebook nor a key that every rulebook has: a typing mistake,
    most likely. It is taken out."""
    fixed = keys_at(path)
    for key, value in list(content.items()):
        if value is None or value == OFF:
            known = fixed | base.keys()
            if key not in known:
                del content[key]
                noun = _NOUNS.get(path[-1], "key") if path else "key"
                found = f"{in_yaml(value)}, but there is no such {noun} to turn off"
                yield Mistake(path=".".join((*path, str(key))), found=found, expected=nearest(str(key), known))
        elif isinstance(value, dict) and (not fixed or key in fixed):
            yield from _off_without_being_there(value, mapping(base, key), *path, str(key))


def _lists_for_nothing(over: dict[str, Any], base: dict[str, Any], merged: dict[str, Any]) -> Iterator[Mistake]:
    """New lists that nothing names: a typing mistake in the name of another, most likely."""
    known = mapping(base, "lists")
    named = set(_texts({key: value for key, value in merged.items() if key != "lists"}))
    for key in mapping(over, "lists"):
        if key not in known and key not in named:
            expected = f"a list that something names: {nearest(key, known)}"
            yield Mistake(path=f"lists.{key}", found="a list that nothing uses", expected=expected)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _parsed(file: Path) -> Reading:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return _failed(str(file), "a file that is not UTF-8 text", "a YAML file in UTF-8")
    except OSError as failed:
        why = f"a file that cannot be read ({(failed.strerror or 'no reason is told').lower()})"
        found = "no file of this name" if isinstance(failed, FileNotFoundError) else why
        return _failed(str(file), found, _EXPECTED_FILE)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        mistakes = list(_repeated_keys(node, (), set()))
        content = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else str(file)
        problem = broken.problem or "something else"
        if told := re.fullmatch("expected (.*), but (?:got|found) (.*)", problem):
            return _failed(where, told[2], told[1])
        return _failed(where, problem.removeprefix("found "), "YAML")
    except yaml.reader.ReaderError as broken:
        return _failed(f"character {broken.position}", "a sign that no YAML file can hold", "YAML")
    if not isinstance(content, dict):
        return _failed(str(file), in_yaml(content), "a mapping of keys to values")
    return Reading(content, mistakes)


def _failed(path: str, found: str, expected: str) -> Reading:
    return Reading(None, [Mistake(path=path, found=found, expected=expected)])


def _within(name: str, mistake: Mistake) -> Mistake:
    return Mistake(path=f"{name}: {mistake.path}", found=mistake.found, expected=mistake.expected)


def _repeated_keys(node: yaml.Node | None, path: tuple[str, ...], seen: set[int]) -> Iterator[Mistake]:
    """The keys that stand twice in one mapping, of which YAML would keep only the last."""
    if id(node) in seen:  # an alias: said already where it was first met
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            here = (*path, name)
            if name in lines:
                found = f"this key again in line {line}, after line {lines[name]}"
                yield Mistake(path=".".join(here), found=found, expected="each key once")
            lines[name] = line
            yield from _repeated_keys(value, here, seen)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from _repeated_keys(value, (*path, str(place)), seen)


def _write_out_lists(content: dict[str, Any], file: Path) -> Iterator[Mistake]:
    """Replace each list that is given as a text file, next to the rulebook, by that file's lines."""
    lists = content.get("lists")
    if not isinstance(lists, dict):
        return
    for name, value in lists.items():
        if not isinstance(value, str) or value == OFF:
            continue
        try:
            lines = (file.parent / value).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            expected = f"a list, or a text file next to {file.name} with one entry per line"
            yield Mistake(path=f"lists.{name}", found=in_yaml(value), expected=expected)
            lines = []
        entries = (line.partition("#")[0].strip() for line in lines)
        lists[name] = [entry for entry in entries if entry]


def _merged(base: Any, over: Any) -> Any:
    """Mappings merge key by key; anything else replaces what was there."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return base | {key: _merged(base.get(key), value) for key, value in over.items()}


def _without_what_is_off(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: held for key, held in value.items() if held is not None and held != OFF}
        return {key: _without_what_is_off(held) for key, held in kept.items()}
    return [_without_what_is_off(item) for item in value] if isinstance(value, list) else value
