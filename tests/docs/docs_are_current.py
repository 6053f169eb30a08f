#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Sluice authors
# SPDX-License-Identifier: Apache-2.0
"""docs/graph-language.md and the examples of docs/placement.md are what the
program prints, and every YAML file in docs/writing-graphs.md passes `sluice check`. SLUICE_BIN names the program."""

import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SLUICE = os.environ["SLUICE_BIN"]
REFERENCE = pathlib.Path("docs/graph-language.md")
TUTORIAL = pathlib.Path("docs/writing-graphs.md")
PLACEMENT = pathlib.Path("docs/placement.md")


def sluice(*arguments):
    return subprocess.run([SLUICE, *arguments], capture_output=True, text=True,
                          timeout=30)


def stale_reference():
    made = sluice("schema", "--format", "markdown")
    if made.returncode != 0:
        return made.stderr
    kept = REFERENCE.read_text() if REFERENCE.exists() else ""
    if made.stdout == kept:
        return ""
    changes = difflib.unified_diff(kept.splitlines(), made.stdout.splitlines(),
                                   str(REFERENCE), "sluice schema", lineterm="")
    return "\n".join(list(changes)[:40]) + (
        f"\n{REFERENCE} is not what graph.capnp says; this mends it:\n"
        f"  {os.path.relpath(SLUICE)} schema --format markdown > {REFERENCE}\n")


def broken_link(page):
    """Links of `page` to files that do not exist or headings it lacks."""
    text = page.read_text()
    headings = {re.sub(r"[^a-z0-9 _-]", "", h.lower()).replace(" ", "-")
                for h in re.findall(r"^#+ (.*)$", text, re.M)}
    wrong = []
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        if path and not (page.parent / path).exists():
            wrong.append(target)
        elif not path and anchor not in headings:
            wrong.append(target)
    return "".join(f"{page}: link to {w} leads nowhere\n" for w in wrong)


def stale_examples(page):
    """Output of `$ sluice ...` in fenced blocks of `page` that has changed."""
    wrong = []
    for command, shown in re.findall(r"^```\n\$ sluice (.*)\n((?s:.*?))^```$",
                                     page.read_text(), re.M):
        if sluice(*command.split()).stdout != shown:
            wrong.append(f"{page}: 'sluice {command}' prints something else\n")
    return "".join(wrong)


def yaml_blocks(text):
    """(line, content) of every fenced yaml block."""
    for found in re.finditer(r"^```yaml\n(.*?)^```$", text, re.M | re.S):
        yield text.count("\n", 0, found.start()) + 2, found.group(1)


def wrong_snippets(text, name):
    """A placement is checked with the graph that stands before it."""
    mistakes, count = "", 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "models").symlink_to(pathlib.Path("examples/models").resolve())
        graph, placement = folder / "graph.yaml", folder / "placement.yaml"
        for line, block in yaml_blocks(text):
            count += 1
            if block.startswith("placement:"):
                placement.write_text(block)
                result = sluice("check", str(graph), "--placement",
                                str(placement))
            else:
                graph.write_text(block)
                result = sluice("check", str(graph))
            if result.returncode != 0:
                mistakes += f"{name}:{line}: {result.stderr}"
    return mistakes if count else f"{name}: no yaml in it\n"


def main():
    text = TUTORIAL.read_text()
    # A check that cannot fail is no check: spoil a graph and a placement.
    for right, wrong in (("kind: gateway", "kind: gatway"),
                         ("inside: [edge, rack]", "inside: [cloud]")):
        if right not in text or not wrong_snippets(text.replace(right, wrong),
                                                   "spoiled"):
            sys.exit(f"the check does not see '{wrong}'")
    mistakes = (stale_reference() + stale_examples(PLACEMENT)
                + wrong_snippets(text, str(TUTORIAL))
                + "".join(map(broken_link, (REFERENCE, TUTORIAL, PLACEMENT))))
    sys.exit(mistakes or 0)


main()
