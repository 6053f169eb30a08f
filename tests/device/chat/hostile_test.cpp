// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Templates that are wrong, or that want the machine's stack, memory or time:
// each ends with a model_error that names the line.

#include "device/chat/chat_template.hpp"
#include "device/error.hpp"

#include <boost/test/unit_test.hpp>

using sluice::device::chat_input;
using sluice::device::chat_template;
using sluice::device::model_error;

namespace {

std::string failure_of(const std::string& source,
                       const chat_input& input = {}) {
  try {
    chat_template(source).render(input);
  } catch (const model_error& e) {
    return e.what();
  }
  return "no failure";
}

void check_failure(const std::string& source, const std::string& wanted) {
  const std::string got = failure_of(source);
  BOOST_CHECK_MESSAGE(got.find(wanted) != std::string::npos,
                      source.substr(0, 200)
                          << "\ngot: " << got << "\nwanted: " << wanted);
}

std::string repeated(const std::string& piece, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += piece;
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(errors_name_line_and_construct) {
  check_failure("a\nb {{ x|flor }}",
                "chat template line 2: unknown filter 'flor' (did you mean "
                "'float'?)");
  check_failure("{{ x is strin }}",
                "unknown test 'strin' (did you mean 'string'?)");
  check_failure("{% fro x in y %}",
                "line 1: unknown tag 'fro' (did you mean 'for'?)");
  check_failure("\n{% if x %}\n\n",
                "line 2: 'if' is not closed, expected '{% endif %}'");
  check_failure("{{ 'abc }}", "line 1: a string is not closed");
  check_failure("{{ (1 }}", "unexpected '}', expected ')'");
  check_failure("{% break %}", "'break' outside of a loop");
  check_failure("{# never", "a comment is not closed");
  check_failure("{% raw %}never", "'raw' is not closed");
  check_failure("\n\n{{ a.b }}", "line 3: 'a' is undefined");
  check_failure("{{ 99999999999999999999 }}", "is no 64-bit integer");
}

BOOST_AUTO_TEST_CASE(raise_exception_gives_the_templates_own_words) {
  BOOST_TEST(failure_of("{{ raise_exception('roles must alternate') }}")
             == "roles must alternate");
}

BOOST_AUTO_TEST_CASE(deep_nesting_is_refused_without_exhausting_the_stack) {
  for (const char* piece : {"(", "[", "{1:", "not ", "-", "a[", "f(", "1 if ",
                            "x|f(", "{{", "x is f(", "1 if 1 else "})
    BOOST_TEST(failure_of("{{ " + repeated(piece, 50000)) != "no failure");
  check_failure(repeated("{% if 1 %}", 50000), "nested deeper than 100");
  check_failure(repeated("{% for x in [1] %}", 50000),
                "nested deeper than 100");
  check_failure("{{ x" + repeated("|string", 50000) + " }}",
                "nested deeper than 600");
  check_failure("{{ {}" + repeated(".a", 50000) + " }}",
                "nested deeper than 600");
  check_failure("{{ 1" + repeated(" if 1", 50000) + " }}",
                "nested deeper than 600");
}

BOOST_AUTO_TEST_CASE(recursion_has_a_limit) {
  check_failure("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "macro 'f' recurses deeper than 60 calls");
  check_failure("{% set n = namespace(l=[]) %}{% set _ = n.l.append(n.l) %}"
                "{% for x in n.l recursive %}{{ loop(n.l) }}{% endfor %}",
                "recursive loop is deeper than 60");
  check_failure("{% macro f(x=f()) %}{% endmacro %}{{ f() }}", "nested");
}

BOOST_AUTO_TEST_CASE(a_list_inside_itself_is_refused_where_it_is_printed) {
  const std::string knot = "{% set l = [] %}{% set _ = l.append(l) %}";
  for (const char* use : {"{{ l }}", "{{ l|tojson }}", "{{ l == [l] }}",
                          "{{ l|string }}", "{{ [l] < [[l]] }}"})
    BOOST_TEST(failure_of(knot + use) != "");
  check_failure(knot + "{{ l }}", "nested deeper than 200");
  check_failure("{% set n = namespace(x=[]) %}{% for i in range(100000) %}"
                "{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
                "nested deeper than 200");
}

BOOST_AUTO_TEST_CASE(work_output_and_iterations_have_limits) {
  const std::string range = "{% for a in range(100000) %}";
  check_failure(range + range + "{% endfor %}{% endfor %}",
                "more than 1000000 loop iterations");
  check_failure("{{ 'x' * 1000000000000 }}", "more work");
  check_failure("{{ [1] * 1000000000000 }}", "more work");
  check_failure("{{ ''.center(999999999999) }}", "more work");
  check_failure("{{ '%999999999999d' % 1 }}", "width");
  check_failure("{{ '{:999999999}'.format(1) }}", "width");
  check_failure("{{ 'x' * 17000000 }}", "the output exceeds 16 MiB");
  check_failure("{% set n = namespace(s='x') %}{% for i in range(100) %}"
                "{% set n.s = n.s + n.s %}{% endfor %}",
                "more work");
  check_failure("{% set n = namespace(s=[1]) %}{% for i in range(100) %}"
                "{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s|tojson }}",
                "work");
  check_failure("{{ range(99999999) }}", "Range too big");
  check_failure("{{ 9223372036854775807 + 1 }}", "exceeds 64 bits");
  check_failure("{{ (-9223372036854775807 - 1) // -1 }}", "exceeds 64 bits");
  check_failure("{{ 10 ** 100 }}", "exceeds 64 bits");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_text_do_no_harm) {
  std::string noise;
  unsigned state = 1;
  const std::string alphabet = "{}%#-+ \n'\"\\|.()[]ab1=:,~*/<>\xC3\xFF_if";
  for (int round = 0; round < 3000; ++round) {
    std::string source = round % 2 ? "{{ " : "{% ";
    for (int i = 0; i < 40; ++i) {
      state = state * 1664525u + 1013904223u;
      source += alphabet[(state >> 16) % alphabet.size()];
    }
    BOOST_TEST(!failure_of(source + (round % 2 ? " }}" : " %}")).empty());
  }
}
