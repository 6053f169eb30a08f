// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/preprocess/label_rules.hpp"

#include "actors/preprocess/pii_finder.hpp"
#include "device/error.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice;
using namespace sluice::actors;

namespace {

std::string complaint(const label_rule& rule) {
  try {
    label_rules{{rule}};
  } catch (const device::model_error& e) {
    return e.what();
  }
  return {};
}

std::string kind(std::string_view text) {
  const auto found = find_pii(text);
  return found ? std::string{name(*found)} : "nothing";
}

} // namespace

BOOST_AUTO_TEST_SUITE(label_rules_)

BOOST_AUTO_TEST_CASE(personal_data_is_found_by_kind) {
  BOOST_TEST(kind("write to jane.doe+x@mail.example.org please") == "email");
  BOOST_TEST(kind("call +49 30 901820 now") == "phone");
  BOOST_TEST(kind("call (030) 901-8200") == "phone");
  BOOST_TEST(kind("it is 555-867-5309") == "phone");
  BOOST_TEST(kind("card 4111 1111 1111 1111, thanks") == "card");
  BOOST_TEST(kind("card 378282246310005") == "card");
  BOOST_TEST(kind("pay to GB82 WEST 1234 5698 7654 32 today") == "iban");
  BOOST_TEST(kind("de89370400440532013000") == "iban");
}

BOOST_AUTO_TEST_CASE(ordinary_text_and_numbers_are_no_personal_data) {
  for (const auto* text :
       {"How do I show disk usage with du?", "the year 2024 and 3.14159",
        "chmod 0644 file", "user@localhost", "version 1.2.3-4",
        "card 4111 1111 1111 1112", "GB82 WEST 1234 5698 7654 33",
        "order 12345678", "0000 0000 0000 0000", "", "a@b", "10:30-11:45"})
    BOOST_TEST(kind(text) == "nothing", text);
}

BOOST_AUTO_TEST_CASE(checks_hold_for_published_examples) {
  BOOST_TEST(luhn_holds("79927398713"));
  BOOST_TEST(!luhn_holds("79927398710"));
  BOOST_TEST(iban_holds("CH9300762011623852957"));
  BOOST_TEST(!iban_holds("CH9300762011623852958"));
  BOOST_TEST(!iban_holds("CH93"));
}

BOOST_AUTO_TEST_CASE(words_match_whole_and_in_any_case) {
  const label_rules rules{{{"health", "", {"diagnosis", "blood type"}, ""}}};
  BOOST_TEST(rules.find("My DIAGNOSIS is").size() == 1u);
  BOOST_TEST(rules.find("blood type").size() == 1u);
  BOOST_TEST(rules.find("misdiagnosis").empty());
}

BOOST_AUTO_TEST_CASE(labels_come_once_in_order_of_the_rules) {
  const label_rules rules{{{"b", "", {"x"}, ""},
                           {"a", "", {}, "x+"},
                           {"b", "", {}, "."},
                           {"c", "pii", {}, ""}}};
  const std::vector<std::string> expected{"b", "a"};
  BOOST_TEST(rules.find("x") == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(quoted_words_are_not_patterns) {
  const label_rules rules{{{"a", "", {"c++", "a.b"}, ""}}};
  BOOST_TEST(rules.find("I like c++ more").size() == 1u);
  BOOST_TEST(rules.find("axb").empty());
}

BOOST_AUTO_TEST_CASE(wrong_rules_are_named) {
  BOOST_TEST(complaint({"", "pii", {}, ""})
             == "a label rule names no label (field 'as')");
  BOOST_TEST(complaint({"a", "secrets", {}, ""})
             == "label 'a': no finder 'secrets' (known: pii)");
  BOOST_TEST(complaint({"a", "", {}, ""})
             == "label 'a': needs find, words or pattern");
  BOOST_TEST(complaint({"a", "", {}, "("})
             == "label 'a': pattern '(' cannot be used: missing ): (");
}

BOOST_AUTO_TEST_SUITE_END()
