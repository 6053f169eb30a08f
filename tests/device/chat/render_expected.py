#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Sluice authors
# SPDX-License-Identifier: Apache-2.0
"""Renders tests/data's chat templates and snippets with Python's jinja2.

usage: render_expected.py --write | --check      (in the source root)

--write makes tests/data/chat/expected.json; --check fails when the file
differs from what jinja2 gives today. The environment is transformers', but not
its immutable sandbox: Kimi's template appends to a list, which that refuses.
"""
import datetime
import json
import pathlib
import re
import sys

try:
    import jinja2
    import jinja2.ext
    import jinja2.sandbox
except ImportError:
    sys.exit("render_expected.py needs jinja2: apt-get install python3-jinja2")

DATA = pathlib.Path("tests/data")
NOW = datetime.datetime(2026, 2, 3, 4, 5, 6)


class Generation(jinja2.ext.Extension):
    """The {% generation %} tag: transformers tracks its span, and prints it."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        call = self.call_method("_print")
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _print(self, caller):
        return caller()


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent,
                      separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def environment():
    env = jinja2.sandbox.SandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True,
        extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


def render(env, source, variables):
    try:
        text = env.from_string(source).render(**variables)
    except Exception as e:
        return {"error": f"{type(e).__name__}: {e}"}
    return {"text": re.sub(r"<generator object \w+ at 0x[0-9a-f]+>",
                           "<generator object>", text)}


def variables(conversation):
    out = {"messages": conversation["messages"], "bos_token": "<s>",
           "eos_token": "</s>", "add_generation_prompt":
           conversation.get("add_generation_prompt", True)}
    if conversation.get("tools") is not None:
        out["tools"] = conversation["tools"]
    out.update(conversation.get("extra", {}))
    return out


def expected():
    env = environment()
    sources = {p.name: p.read_text(encoding="utf-8")
               for p in sorted((DATA / "templates").glob("*.jinja"))}
    config = DATA / "models/edge-tokenizer/tokenizer_config.json"
    sources["bundled"] = json.loads(config.read_text())["chat_template"]
    load = lambda name: json.loads((DATA / "chat" / name).read_text())
    conversations = load("conversations.json")
    snippets = load("snippets.json")
    # Contexts are read anew for each render: a template may change them.
    fresh = lambda x: json.loads(json.dumps(x))
    return {
        "templates": {
            name: {c["name"]: render(env, source, fresh(variables(c)))
                   for c in conversations}
            for name, source in sources.items()},
        "snippets": [render(env, s, fresh(snippets["context"]))
                     for s in snippets["templates"]]}


def main():
    path = DATA / "chat" / "expected.json"
    text = json.dumps(expected(), ensure_ascii=False, indent=1) + "\n"
    if sys.argv[1:] == ["--write"]:
        path.write_text(text, encoding="utf-8")
    elif sys.argv[1:] == ["--check"]:
        if path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path} is stale: run {sys.argv[0]} --write")
    else:
        sys.exit(__doc__)


main()
