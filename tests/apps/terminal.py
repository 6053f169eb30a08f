#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Sluice authors
# SPDX-License-Identifier: Apache-2.0
"""What a person at a terminal sees: runs the sluice program on a
pseudo-terminal. SLUICE_BIN names the program."""

import os
import pty
import re
import select
import signal
import unittest

MODEL = "examples/models/edge-q8_0.gguf"
# At temperature 0 this model answers it without an end.
ENDLESS = "How do I search for a word in files with grep?"
CTRL_C = b"\x03"
CTRL_D = b"\x04"


class Terminal:
    """A program on a pseudo-terminal of its own."""

    def __init__(self, *args):
        program = os.environ["SLUICE_BIN"]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(program, [program, *args])
        self.seen = ""

    def type(self, data):
        os.write(self.fd, data if isinstance(data, bytes) else data.encode())

    def expect(self, text, seconds=30):
        """Reads until `text` has come and returns what came before it."""
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], seconds)
            if not ready:
                raise AssertionError(f"{text!r} did not come; seen: {self.seen!r}")
            try:
                piece = os.read(self.fd, 65536)
            except OSError:  # the other side is closed
                piece = b""
            if not piece:
                raise AssertionError(f"ended before {text!r}; seen: {self.seen!r}")
            self.seen += piece.decode(errors="replace")
        before, _, self.seen = self.seen.partition(text)
        return before

    def end(self):
        """Reads the rest and returns the exit code."""
        try:
            while os.read(self.fd, 65536):
                pass
        except OSError:
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


class TerminalTest(unittest.TestCase):
    def cancelled_chat(self):
        """A chat whose answer was just cancelled. The answer fills the context
        in a tenth of a second: on a busy machine it can end before the key
        comes, and then there is nothing to cancel."""
        for _ in range(5):
            chat = Terminal("chat", MODEL, "--temperature", "0")
            chat.expect("> ")
            chat.type(ENDLESS + "\n")
            chat.expect("--ignore-case --ignore-case")
            chat.type(CTRL_C)
            try:
                chat.expect("(cancelled)", seconds=5)
                return chat
            except AssertionError:
                os.kill(chat.pid, signal.SIGKILL)
                os.waitpid(chat.pid, 0)
                os.close(chat.fd)
        raise AssertionError("no answer could be cancelled")

    def test_ctrl_c_cancels_the_answer_and_not_the_program(self):
        chat = self.cancelled_chat()
        chat.expect("> ")
        chat.type("/reset\n")
        chat.expect("(forgotten)")
        chat.type("How do I list all files including hidden ones with ls?\n")
        chat.expect("ls --all")
        chat.expect("> ")
        chat.type(CTRL_D)
        self.assertEqual(chat.end(), 0)

    def test_ctrl_c_at_the_prompt_says_how_to_leave(self):
        chat = Terminal("chat", MODEL)
        chat.expect("> ")
        chat.type(CTRL_C)
        chat.expect("Ctrl-D or /quit leaves")
        chat.expect("> ")
        chat.type("/quit\n")
        self.assertEqual(chat.end(), 0)

    def test_ctrl_c_interrupts_a_question(self):
        ask = Terminal("ask", "--model", MODEL, "--temperature", "0", ENDLESS)
        ask.expect("--ignore-case")
        ask.type(CTRL_C)
        self.assertEqual(ask.end(), 130)

    def test_ctrl_c_drains_a_server(self):
        server = Terminal("run", MODEL, "--listen", "127.0.0.1:0")
        server.expect("ready after")
        server.type(CTRL_C)
        server.expect("finishing what is in flight")
        self.assertEqual(server.end(), 0)

    def test_ctrl_c_prints_what_a_bench_has_measured(self):
        server = Terminal("run", MODEL, "--listen", "127.0.0.1:0")
        server.expect("serving ")
        url = server.expect("\r\n")
        server.expect("ready after")
        bench = Terminal("bench", "serve", "--url", url, "-d", "1h",
                         "-p", "30", "-o", "4")
        bench.expect("in flight")
        while not re.search(r"[1-9]\d*$", bench.expect(" answered")):
            pass  # none yet
        bench.type(CTRL_C)
        bench.expect("TTFT")
        bench.expect("warning: interrupted")
        self.assertEqual(bench.end(), 130)
        server.type(CTRL_C)
        self.assertEqual(server.end(), 0)

    def test_a_terminal_sees_the_weights_loading(self):
        chat = Terminal("chat", "examples/models/cloud-q8_0.gguf")
        self.assertIn("loading [", chat.expect("> "))
        chat.type(CTRL_D)
        self.assertEqual(chat.end(), 0)

    def test_quiet_shows_no_progress(self):
        chat = Terminal("--quiet", "chat", "examples/models/cloud-q8_0.gguf")
        self.assertNotIn("loading", chat.expect("> "))
        chat.type(CTRL_D)
        self.assertEqual(chat.end(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
