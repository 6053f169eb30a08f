// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Hostile and broken GGUF files: each must be refused with a model_error that
// names the file and what is wrong.
#include "device/error.hpp"
#include "device/files/model_files.hpp"
#include "tests/device/files/model_builder.hpp"
#include "tests/device/files/refusal.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace sluice::device;
using namespace sluice::device::testing;

namespace {

constexpr std::uint32_t f32 = 0;
constexpr std::uint32_t q8_0 = 8;

void check_refused(const std::string& bytes, std::string_view wanted) {
  const temporary_folder folder;
  check_open_refused(folder.write("model.gguf", bytes), wanted);
}

void check_refused(const gguf_builder& file, std::string_view wanted) {
  check_refused(file.bytes(), wanted);
}

/// tiny_llama with one key replaced.
gguf_builder with_uint(std::string_view key, std::uint32_t value) {
  return tiny_llama().drop(key).add_uint(key, value);
}

/// A GGUF array value: element type, count, elements.
std::string array(std::uint32_t type, std::uint64_t count,
                  std::string_view elements) {
  return raw(type) + raw(count) + std::string(elements);
}

} // namespace

BOOST_AUTO_TEST_SUITE(hostile_gguf)

BOOST_AUTO_TEST_CASE(tiny_model_opens) {
  const temporary_folder folder;
  const auto model =
      model_files::open(folder.write("tiny.gguf", tiny_llama().bytes()));
  BOOST_TEST(model.config().head_dim == 4);
  BOOST_TEST(model.config().vocabulary == 16);
  BOOST_TEST(model.config().title == "tiny");
  BOOST_TEST(model.parameters() == 8 * (16 + 3 + 8 + 4 + 4 + 8 * 4));
}

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
  const temporary_folder folder;
  const auto whole = tiny_llama().bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto path = folder.write("cut.gguf", whole.substr(0, size));
    BOOST_TEST_CONTEXT("cut to " << size) {
      BOOST_CHECK_THROW(model_files::open(path), model_error);
    }
  }
}

BOOST_AUTO_TEST_CASE(truncated_header_is_refused_with_its_offset) {
  check_refused(tiny_llama().bytes().substr(0, 10),
                "truncated at byte 8 reading the tensor count of the header");
}

BOOST_AUTO_TEST_CASE(empty_file_is_refused) {
  check_refused(std::string(), "truncated at byte 0");
}

BOOST_AUTO_TEST_CASE(other_files_are_refused_as_no_gguf) {
  check_refused(std::string("PK\x03\x04 something else"), "is not a GGUF file");
}

BOOST_AUTO_TEST_CASE(missing_file_is_refused_with_the_reason) {
  check_open_refused("/nonexistent/model.gguf",
                     "cannot open: No such file or directory");
}

BOOST_AUTO_TEST_CASE(device_is_refused_as_no_regular_file) {
  check_open_refused("/dev/zero", "is not a regular file");
}

BOOST_AUTO_TEST_CASE(big_endian_file_is_refused) {
  check_refused(tiny_llama().set_version(0x03000000),
                "is a big-endian GGUF file");
}

BOOST_AUTO_TEST_CASE(unknown_versions_are_refused) {
  check_refused(tiny_llama().set_version(0), "GGUF version 0");
  check_refused(tiny_llama().set_version(1), "versions 2 and 3 load");
  check_refused(tiny_llama().set_version(4), "GGUF version 4");
}

BOOST_AUTO_TEST_CASE(version_2_file_opens) {
  const temporary_folder folder;
  const auto path =
      folder.write("v2.gguf", tiny_llama().set_version(2).bytes());
  BOOST_TEST(model_files::open(path).gguf()->version() == 2);
}

BOOST_AUTO_TEST_CASE(huge_counts_are_refused) {
  constexpr auto huge = ~std::uint64_t{0};
  check_refused(tiny_llama().set_counts(huge, 1), "reading tensor entries");
  check_refused(tiny_llama().set_counts(1, huge), "reading metadata entries");
  check_refused(tiny_llama().set_counts(huge / 24, huge / 13), "truncated");
}

BOOST_AUTO_TEST_CASE(string_longer_than_the_file_is_refused) {
  check_refused(tiny_llama().add("name", 8, raw(~std::uint64_t{0}) + "short"),
                "reading its value of key \"name\"");
  auto bytes = tiny_llama().bytes();
  bytes.replace(24, 8, raw(std::uint64_t{1} << 63));
  check_refused(bytes, "reading a key of a metadata key");
}

BOOST_AUTO_TEST_CASE(unknown_value_types_are_refused) {
  check_refused(tiny_llama().add("odd", 13, raw(0)),
                "key \"odd\" has the unknown type 13");
  check_refused(tiny_llama().add("odd", 9, array(99, 1, "xxxxxxxx")),
                "key \"odd\" has the unknown element type 99");
}

BOOST_AUTO_TEST_CASE(nested_arrays_are_refused) {
  std::string nested = array(4, 0, "");
  for (int depth = 0; depth < 100; ++depth) {
    nested = array(9, 1, nested);
  }
  check_refused(tiny_llama().add("deep", 9, nested),
                "key \"deep\" is an array of arrays");
}

BOOST_AUTO_TEST_CASE(array_longer_than_the_file_is_refused) {
  for (const std::uint32_t type : {0u, 4u, 7u, 8u, 12u}) {
    check_refused(
        tiny_llama().add("long", 9, array(type, std::uint64_t{1} << 61, "xx")),
        "reading array elements of key \"long\"");
  }
}

BOOST_AUTO_TEST_CASE(more_array_elements_than_any_model_has_are_refused) {
  constexpr std::uint64_t count = (std::uint64_t{1} << 24) + 1;
  check_refused(
      tiny_llama().add("many", 9, array(0, count, std::string(count, 'x'))),
      "its arrays have more than 16777216 elements");
}

BOOST_AUTO_TEST_CASE(key_given_twice_is_refused) {
  check_refused(tiny_llama().add_uint("llama.block_count", 1),
                "key \"llama.block_count\" appears twice");
}

BOOST_AUTO_TEST_CASE(tensor_given_twice_is_refused) {
  check_refused(tiny_llama().add_f32("output_norm.weight", {8}),
                "tensor \"output_norm.weight\" appears twice");
}

BOOST_AUTO_TEST_CASE(overlapping_tensors_are_refused) {
  check_refused(tiny_llama().add_entry("extra", {8}, f32, 32),
                "\"token_embd.weight\" and \"extra\" overlap");
}

BOOST_AUTO_TEST_CASE(tensors_outside_the_file_are_refused) {
  check_refused(tiny_llama().add_entry("far", {8}, f32, 1 << 20),
                "tensor \"far\" needs bytes 1048576");
  check_refused(tiny_llama().add_entry("far", {8}, f32, ~std::uint64_t{0} - 31),
                "(is the file truncated?)");
}

BOOST_AUTO_TEST_CASE(misaligned_tensor_is_refused) {
  check_refused(tiny_llama().add_entry("odd", {8}, f32, 8),
                "offset 8, not a multiple of the alignment 32");
}

BOOST_AUTO_TEST_CASE(alignment_must_be_a_power_of_two_of_8_or_more) {
  for (const std::uint32_t wrong : {0u, 1u, 4u, 24u, 48u, 0xffffffffu}) {
    check_refused(with_uint("general.alignment", wrong),
                  "general.alignment must be a power of two, at least 8");
  }
  check_refused(tiny_llama().add_string("general.alignment", "32"),
                "general.alignment must be a power of two");
  check_refused(with_uint("general.alignment", 1u << 31), "truncated");
}

BOOST_AUTO_TEST_CASE(tensor_data_starts_at_the_alignment) {
  const temporary_folder folder;
  for (const std::uint32_t alignment : {8u, 16u, 64u, 4096u}) {
    const auto path =
        folder.write("aligned.gguf", tiny_llama(alignment).bytes());
    const auto model = model_files::open(path);
    const auto values = to_f32(model.require(tensor_role::gate));
    BOOST_TEST(values[1] == 1.0f / 1024.0f);
    BOOST_TEST(values[63] == 63.0f / 1024.0f);
  }
}

BOOST_AUTO_TEST_CASE(zero_and_overflowing_dimensions_are_refused) {
  constexpr auto half = std::uint64_t{1} << 32;
  check_refused(tiny_llama().add_entry("none", {8, 0}, f32, 0),
                "tensor \"none\" has a dimension of 0");
  check_refused(tiny_llama().add_entry("huge", {half, half}, f32, 0),
                "tensor \"huge\" has more elements than the file");
  check_refused(
      tiny_llama().add_entry("huge", {half, half, half, half}, q8_0, 0),
      "tensor \"huge\" has more elements than the file");
}

BOOST_AUTO_TEST_CASE(dimension_counts_out_of_range_are_refused) {
  check_refused(tiny_llama().add_entry("flat", {}, f32, 0),
                "tensor \"flat\" has 0 dimensions");
  check_refused(tiny_llama().add_entry("deep", {1, 1, 1, 1, 8}, f32, 0),
                "tensor \"deep\" has 5 dimensions");
}

BOOST_AUTO_TEST_CASE(row_that_is_no_multiple_of_the_block_is_refused) {
  check_refused(tiny_llama().add_entry("odd", {4, 40}, q8_0, 0),
                "rows of 40 elements, not a multiple of the 32");
  check_refused(tiny_llama().add_entry("odd", {4, 32}, 12, 0),
                "rows of 32 elements, not a multiple of the 256 of a q4_k");
}

BOOST_AUTO_TEST_CASE(unsupported_tensor_types_are_named) {
  check_refused(tiny_llama().add_entry("odd", {32}, 6, 0),
                "tensor \"odd\" has the unsupported type Q5_0; supported are "
                "F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K and Q6_K");
  check_refused(tiny_llama().add_entry("odd", {256}, 16, 0),
                "the unsupported type IQ2_XXS");
  check_refused(tiny_llama().add_entry("odd", {256}, 4711, 0),
                "the unsupported type number 4711");
}

BOOST_AUTO_TEST_CASE(control_bytes_of_names_stay_out_of_messages) {
  check_refused(tiny_llama().add_entry("a\x1b[2Jb", {32}, 6, 0),
                "tensor \"a?[2Jb\" has");
  check_refused(tiny_llama().add_entry(std::string(5000, 'x'), {32}, 6, 0),
                std::string(80, 'x') + "...\" has");
}

BOOST_AUTO_TEST_CASE(missing_tensors_are_all_named) {
  check_refused(tiny_llama()
                    .drop_tensor("blk.0.attn_k.weight")
                    .drop_tensor("blk.0.ffn_up.weight"),
                "tensor \"blk.0.attn_k.weight\" is missing; "
                "tensor \"blk.0.ffn_up.weight\" is missing");
}

BOOST_AUTO_TEST_CASE(only_the_first_ten_problems_are_listed) {
  check_refused(with_uint("llama.block_count", 512), "; and maybe more");
}

BOOST_AUTO_TEST_CASE(wrong_shape_is_refused_with_both_shapes) {
  check_refused(with_uint("llama.feed_forward_length", 16),
                "tensor \"blk.0.ffn_gate.weight\" has the shape [8, 8], not "
                "[16, 8]");
  check_refused(tiny_llama()
                    .drop_tensor("output_norm.weight")
                    .add_f32("output_norm.weight", {1, 8}),
                "has the shape [1, 8], not [8]");
}

BOOST_AUTO_TEST_CASE(unknown_architecture_is_refused_with_what_loads) {
  check_refused(tiny_llama()
                    .drop("general.architecture")
                    .add_string("general.architecture", "mamba"),
                "the architecture \"mamba\" is not supported; these are: "
                "llama, qwen2, qwen3, qwen3moe, gemma3, phi3");
  check_refused(tiny_llama().drop("general.architecture"),
                "key \"general.architecture\" is missing");
}

BOOST_AUTO_TEST_CASE(missing_keys_are_named) {
  for (const auto* key :
       {"llama.block_count", "llama.embedding_length",
        "llama.attention.head_count", "llama.feed_forward_length",
        "llama.context_length", "llama.attention.layer_norm_rms_epsilon"}) {
    check_refused(tiny_llama().drop(key),
                  "key \"" + std::string(key) + "\" is missing");
  }
}

BOOST_AUTO_TEST_CASE(absurd_numbers_are_refused_with_their_range) {
  const auto absurd = [](const std::string& key, std::uint32_t value) {
    check_refused(with_uint(key, value),
                  key + " is " + std::to_string(value) + "; 1 to ");
  };
  for (const auto* key :
       {"llama.block_count", "llama.embedding_length",
        "llama.attention.head_count", "llama.attention.head_count_kv",
        "llama.feed_forward_length", "llama.context_length",
        "llama.attention.key_length", "llama.rope.dimension_count"}) {
    absurd(key, 0);
    absurd(key, 0xffffffffu);
  }
  absurd("llama.block_count", 1'000'000'000);
}

BOOST_AUTO_TEST_CASE(numbers_that_do_not_fit_together_are_refused_at_once) {
  check_refused(with_uint("llama.attention.head_count_kv", 3)
                    .add_uint("llama.attention.key_length", 5),
                "the key-value heads (3) do not divide the heads (2); the "
                "head dimension (5) must be even; the rotated dimensions (5)");
  check_refused(tiny_llama().add_uint("llama.rope.dimension_count", 6),
                "the rotated dimensions (6) must be even and at most the "
                "head dimension (4)");
}

BOOST_AUTO_TEST_CASE(numbers_that_are_no_numbers_are_refused) {
  const auto with_float = [](std::string_view key, float value) {
    return tiny_llama().drop(key).add_float(key, value);
  };
  constexpr auto nan = std::numeric_limits<float>::quiet_NaN();
  constexpr auto infinity = std::numeric_limits<float>::infinity();
  for (const auto wrong : {nan, infinity, 0.0f, -1.0f}) {
    check_refused(with_float("llama.attention.layer_norm_rms_epsilon", wrong),
                  "the norm epsilon must lie between 0 and 1");
    check_refused(with_float("llama.rope.freq_base", wrong),
                  "the rope base must be at least 1");
    check_refused(with_float("llama.rope.scaling.factor", wrong),
                  "rope scaling factors must be above 0 and finite");
  }
}

BOOST_AUTO_TEST_CASE(key_of_the_wrong_type_is_refused_with_both_types) {
  check_refused(tiny_llama()
                    .drop("llama.block_count")
                    .add_string("llama.block_count", "1"),
                "key \"llama.block_count\" is a string, not an integer of 0 "
                "or more");
  check_refused(tiny_llama()
                    .drop("llama.block_count")
                    .add("llama.block_count", 5, raw(std::int32_t{-1})),
                "key \"llama.block_count\" is a signed integer, not an");
  check_refused(tiny_llama().add_uint("general.name", 7),
                "key \"general.name\" is an unsigned integer, not a string");
  check_refused(tiny_llama().add_uint("tokenizer.ggml.tokens", 7),
                "not an array of strings");
}

BOOST_AUTO_TEST_CASE(numbers_that_differ_per_layer_are_refused) {
  check_refused(tiny_llama()
                    .drop("llama.feed_forward_length")
                    .add_ints("llama.feed_forward_length", {8, 16}),
                "key \"llama.feed_forward_length\" differs between layers");
}

BOOST_AUTO_TEST_CASE(more_tokens_than_embedding_rows_are_refused) {
  check_refused(tiny_llama().add_strings("tokenizer.ggml.tokens",
                                         std::vector<std::string>(17, "x")),
                "the tokenizer has 17 tokens, but token_embd.weight only 16");
}

BOOST_AUTO_TEST_CASE(unsupported_rope_scaling_is_refused) {
  check_refused(tiny_llama().add_string("llama.rope.scaling.type", "yarn"),
                "key \"llama.rope.scaling.type\" is \"yarn\", which is not "
                "supported; linear, longrope");
  check_refused(tiny_llama().add_string("llama.rope.scaling.type", "longrope"),
                "needs the tensors rope_factors_short.weight");
  check_refused(tiny_llama().add_f32("rope_freqs.weight", {3}),
                "rope scaling has 3 factors for 2 frequencies");
  check_refused(tiny_llama().add_f32("rope_freqs.weight", {2}),
                "rope scaling factors must be above 0 and finite");
}

BOOST_AUTO_TEST_CASE(any_bytes_flipped_open_or_are_refused) {
  const temporary_folder folder;
  const auto good = tiny_llama().bytes();
  const auto head = tiny_llama().data_start();
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    auto bytes = good;
    for (auto flips = random() % 4 + 1; flips > 0; --flips) {
      bytes[random() % head] = static_cast<char>(random());
    }
    const auto path = folder.write("flipped.gguf", bytes);
    try {
      const auto model = model_files::open(path);
      to_f32(model.require(tensor_role::key));
    } catch (const model_error&) {
      continue; // the only other way out
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
