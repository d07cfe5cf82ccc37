#!/usr/bin/env python3
"""Checks the house rules that a formatter cannot: sizes, and words that need a reason beside them.

house_rules.py PATH…  prints one line for each fault as path:line: message and ends with status 1 if there is any.
"""
import re
import sys
from pathlib import Path

FILE_LINES = 500
FUNCTION_LINES = 70
CHECKED = {".swift", ".py", ".js", ".mjs", ".c", ".h"}

FORBIDDEN = [
    (re.compile(r"\bfatalError\("), "fatalError: throw, or use a precondition for our own bugs"),
    (re.compile(r"//.*\b(TODO|FIXME|XXX)\b"), "unfinished work belongs in an issue"),
    (
        re.compile(r"^\s*(_ = )?Task(\.detached)?\s*(\([^)]*\)\s*)?\{"),
        "loose task: every long-lived task is a Service, any other is awaited",
    ),
    (
        re.compile(r"\b(class|struct|enum|actor|protocol)\s+\w*(Manager|Helper|Utils|DTO)\b"),
        "name the rule or the thing, not Manager, Helper, Utils or DTO",
    ),
]
FORBIDDEN_IN_TESTS = [(re.compile(r"\b(Task\.sleep|usleep|nanosleep|sleep)\("), "tests wait for events, not for time")]
NEEDS_REASON = [
    (re.compile(r"\btry\?"), "try? needs a comment saying why the loss is safe"),
    (re.compile(r"@unchecked Sendable"), "@unchecked Sendable needs a comment with the confinement argument"),
]
STRING = re.compile(r'"""(.*?)"""|"((?:[^"\\\n]|\\.)*)"', re.S)
USERS = re.compile(r"\b(from|join|update)\s+users\b")
FOR_UPDATE = re.compile(r"\bfor\s+update\b(?!\s+of\b)|\bfor\s+update\s+of\s+(u|users)\b")
FUNCTION = re.compile(r"^(\s*)(?:[@\w().\"]+\s+)*(?:func\s|init[?(<]|deinit\b)")


def without_strings(line):
    return re.sub(r'"(?:\\.|[^"\\])*"', '""', line)


def long_functions(lines):
    """Yields (line number, length) of functions over the limit; a body ends at the first closing brace of its indent."""
    for start, line in enumerate(lines):
        opening = FUNCTION.match(line)
        if not opening:
            continue
        closing = opening.group(1) + "}"
        for end in range(start, len(lines)):
            if lines[end].rstrip() == closing:
                if end - start + 1 > FUNCTION_LINES:
                    yield start + 1, end - start + 1
                break
            if end > start and FUNCTION.match(lines[end]) and lines[end].startswith(opening.group(1) + "func"):
                break  # the first had no body of its own: a protocol's requirement


def strong_locks(text):
    """Yields the lines of statements that lock rows of users so strongly that whoever refers to them waits."""
    for literal in STRING.finditer(text):
        statement = literal.group(1) or literal.group(2) or ""
        lock = FOR_UPDATE.search(statement)
        if lock and USERS.search(statement):
            start = literal.start(1) if literal.group(1) else literal.start(2)
            yield text.count("\n", 0, start + lock.start()) + 1


def has_reason(lines, index):
    nearby = lines[max(0, index - 3) : index + 1]
    return any("//" in without_strings(line) for line in nearby)


def faults(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > FILE_LINES:
        yield 1, f"{len(lines)} lines; the limit is {FILE_LINES}"
    if path.suffix != ".swift":
        return
    if path.parts[0] == "Sources":
        for line in strong_locks("\n".join(lines)):
            yield line, "users for update: rows that refer to it wait or deadlock; lock it for no key update"
    for line, length in long_functions(lines):
        yield line, f"function of {length} lines; the limit is {FUNCTION_LINES}"
    rules = FORBIDDEN + (FORBIDDEN_IN_TESTS if path.parts[0] == "Tests" else [])
    for index, line in enumerate(lines):
        code = without_strings(line)
        for pattern, message in rules:
            if pattern.search(code):
                yield index + 1, message
        for pattern, message in NEEDS_REASON:
            if pattern.search(code.split("//")[0]) and not has_reason(lines, index):
                yield index + 1, message


def main(roots):
    files = []
    for root in map(Path, roots):
        files += [root] if root.is_file() else [f for f in root.rglob("*") if f.suffix in CHECKED and f.is_file()]
    count = 0
    for path in sorted(files):
        for line, message in faults(path):
            print(f"{path}:{line}: {message}")
            count += 1
    print(f"house rules: {len(files)} files, {count} faults")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
