// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Hostile and broken model folders: safetensors, their index and config.json.
// Each must be refused with a model_error that names the file and what is
// wrong.
#include "device/error.hpp"
#include "device/files/model_files.hpp"
#include "device/files/safetensors.hpp"
#include "tests/device/files/model_builder.hpp"
#include "tests/device/files/refusal.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace sluice::device;
using namespace sluice::device::testing;

namespace {

/// A folder with these files must be refused.
void check_refused(const std::string& config, const std::string& tensors,
                   std::string_view wanted) {
  const temporary_folder folder;
  folder.write("config.json", config);
  folder.write("model.safetensors", tensors);
  check_open_refused(folder.path(), wanted);
}

void check_tensors_refused(const std::string& tensors,
                           std::string_view wanted) {
  check_refused(tiny_folder_config(), tensors, wanted);
}

/// A good folder but for these members of config.json.
void check_config_refused(std::string_view members, std::string_view wanted) {
  check_refused(tiny_folder_config(members), tiny_folder_tensors().bytes(),
                wanted);
}

/// A header with one tensor "x", and that much data.
void check_entry_refused(std::string_view entry, std::size_t data_bytes,
                         std::string_view wanted) {
  check_tensors_refused(safetensors_of("{\"x\":" + std::string(entry) + "}",
                                       std::string(data_bytes, '\0')),
                        wanted);
}

/// A folder with an index and one shard, model-1.safetensors.
void check_index_refused(const std::string& index, std::string_view wanted) {
  const temporary_folder folder;
  folder.write("config.json", tiny_folder_config());
  folder.write("model-1.safetensors", tiny_folder_tensors().bytes());
  folder.write("model.safetensors.index.json", index);
  check_open_refused(folder.path(), wanted);
}

} // namespace

BOOST_AUTO_TEST_SUITE(hostile_folders)

BOOST_AUTO_TEST_CASE(tiny_folder_opens) {
  const temporary_folder folder;
  folder.write("config.json", tiny_folder_config());
  folder.write("model.safetensors", tiny_folder_tensors().bytes());
  const auto model = model_files::open(folder.path());
  BOOST_TEST(model.config().head_dim == 4);
  BOOST_TEST(model.parameters() == 8 * (16 + 3 + 8 + 4 + 4 + 8 * 4));
}

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
  const temporary_folder folder;
  folder.write("config.json", tiny_folder_config());
  const auto whole = tiny_folder_tensors().bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    folder.write("model.safetensors", whole.substr(0, size));
    BOOST_TEST_CONTEXT("cut to " << size) {
      BOOST_CHECK_THROW(model_files::open(folder.path()), model_error);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_truncated_config_is_refused) {
  const temporary_folder folder;
  folder.write("model.safetensors", tiny_folder_tensors().bytes());
  const auto whole = tiny_folder_config();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    folder.write("config.json", whole.substr(0, size));
    BOOST_TEST_CONTEXT("cut to " << size) {
      BOOST_CHECK_THROW(model_files::open(folder.path()), model_error);
    }
  }
}

BOOST_AUTO_TEST_CASE(header_longer_than_the_file_is_refused) {
  check_tensors_refused("1234567", "no room for the header's length");
  check_tensors_refused(raw(~std::uint64_t{0}) + "{}",
                        "the header should have 18446744073709551615 bytes, "
                        "but only 2 follow");
}

BOOST_AUTO_TEST_CASE(header_that_is_no_json_object_is_refused) {
  check_tensors_refused(safetensors_of("{\"x\":", ""), "is not valid JSON");
  check_tensors_refused(safetensors_of("{}}", ""), "is not valid JSON");
  check_tensors_refused(safetensors_of("[1]", ""),
                        "does not hold a JSON object");
  check_tensors_refused(safetensors_of("{\"x\":1}", ""), "x must be an object");
}

BOOST_AUTO_TEST_CASE(deep_json_is_refused) {
  const std::string deep(100'000, '[');
  check_tensors_refused(safetensors_of("{\"x\":" + deep, ""),
                        "is not valid JSON");
  check_refused("{\"x\":" + deep, tiny_folder_tensors().bytes(),
                "is not valid JSON");
}

BOOST_AUTO_TEST_CASE(text_that_is_no_utf_8_is_refused) {
  check_tensors_refused(safetensors_of("{\"\xff\xfe\":{}}", ""),
                        "is not valid JSON");
}

BOOST_AUTO_TEST_CASE(offsets_outside_the_data_are_refused) {
  check_entry_refused(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 4,
                      "x: data_offsets end at byte 8 of the tensor data, "
                      "which has 4");
  check_entry_refused(
      R"({"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615]})",
      8, "x: data_offsets end at byte 18446744073709551615");
}

BOOST_AUTO_TEST_CASE(offsets_that_are_no_range_are_refused) {
  for (const auto* offsets : {"[8,0]", "[0]", "[0,4,8]", "[]"}) {
    check_entry_refused(R"({"dtype":"F32","shape":[2],"data_offsets":)"
                            + std::string(offsets) + "}",
                        8, "data_offsets must be two integers, begin and end");
  }
  for (const auto* offsets : {"[-8,0]", "[0,8.5]", "[0,\"8\"]", "[0,1e30]"}) {
    check_entry_refused(R"({"dtype":"F32","shape":[2],"data_offsets":)"
                            + std::string(offsets) + "}",
                        8, "data_offsets must be a list of integers");
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_do_not_match_the_shape_are_refused) {
  for (const auto* shape :
       {"[3]", "[1]", "[0]", "[2,0]", "[4294967296,4294967296]",
        "[18446744073709551615,2]"}) {
    check_entry_refused(R"({"dtype":"F32","data_offsets":[0,8],"shape":)"
                            + std::string(shape) + "}",
                        8,
                        "x: shape does not match the 8 bytes that "
                        "data_offsets give it");
  }
}

BOOST_AUTO_TEST_CASE(entries_without_their_fields_are_refused) {
  check_entry_refused(R"({"dtype":"F32","data_offsets":[0,8]})", 8,
                      "shape must be a list");
  check_entry_refused(R"({"dtype":"F32","shape":[2]})", 8,
                      "data_offsets must be two integers");
  check_entry_refused(R"({"shape":[2],"data_offsets":[0,8]})", 8,
                      "x: dtype is not a known number format: \"\"");
  check_entry_refused(R"({"dtype":"F31","shape":[2],"data_offsets":[0,8]})", 8,
                      "x: dtype is not a known number format: \"F31\"");
  check_entry_refused(
      R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})", 8,
      "shape must be a list of at most 8 dimensions");
}

BOOST_AUTO_TEST_CASE(overlapping_tensors_are_refused) {
  check_tensors_refused(
      safetensors_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
      "b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                     std::string(12, '\0')),
      "tensors \"a\" and \"b\" overlap");
}

BOOST_AUTO_TEST_CASE(tensor_given_twice_is_refused) {
  check_tensors_refused(
      safetensors_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
      "a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})",
                     std::string(16, '\0')),
      "8 bytes of the tensor data belong to no tensor");
}

BOOST_AUTO_TEST_CASE(needed_tensor_of_another_format_is_refused_by_name) {
  auto tensors = tiny_folder_tensors();
  const temporary_folder folder;
  auto bytes = tensors.bytes();
  const std::string norm = R"("model.norm.weight":{"dtype":"F32","shape":[8])";
  const auto at = bytes.find(norm);
  BOOST_REQUIRE(at != bytes.npos);
  auto other = norm;
  other.replace(other.find("F32"), 3, "I64");
  other.replace(other.find("[8]"), 3, "[4]");
  bytes.replace(at, norm.size(), other);
  check_tensors_refused(bytes,
                        "tensor \"model.norm.weight\" has the unsupported "
                        "type I64; supported are F32, F16 and BF16");
  bytes.replace(bytes.find("I64"), 3, "I32");
  bytes.replace(bytes.find("[4]"), 3, "[8]");
  check_tensors_refused(bytes, "tensor \"model.norm.weight\" holds integers");
}

BOOST_AUTO_TEST_CASE(unneeded_tensor_of_another_format_is_no_problem) {
  const temporary_folder folder;
  folder.write("config.json", tiny_folder_config());
  folder.write("model.safetensors",
               safetensors_of(R"({"x":{"dtype":"I64","shape":[1],)"
                              R"("data_offsets":[0,8]}})",
                              std::string(8, '\0')));
  const auto file = safetensors_file::open(folder.path() / "model.safetensors");
  BOOST_TEST(!file.find_tensor("y"));
  BOOST_CHECK_THROW(file.find_tensor("x"), model_error);
}

BOOST_AUTO_TEST_CASE(folder_without_its_files_is_refused) {
  const temporary_folder folder;
  check_open_refused(folder.path(), "config.json: cannot open: No such file");
  folder.write("config.json", tiny_folder_config());
  check_open_refused(folder.path(), "has neither model.safetensors nor "
                                    "model.safetensors.index.json");
}

BOOST_AUTO_TEST_CASE(missing_shard_is_refused) {
  check_index_refused(R"({"weight_map":{"a":"model-2.safetensors"}})",
                      "model-2.safetensors: cannot open");
}

BOOST_AUTO_TEST_CASE(shards_outside_the_folder_are_refused) {
  for (const auto* name :
       {R"("../model-1.safetensors")", R"("/etc/passwd")", R"("..")", R"(".")",
        R"("")", R"("a/b")", R"("a\u0000b")", "7", "null", "[]"}) {
    check_index_refused(R"({"weight_map":{"a":)" + std::string(name) + "}}",
                        "weight_map must name files of the same folder, not");
  }
}

BOOST_AUTO_TEST_CASE(index_without_a_map_is_refused) {
  check_index_refused("{}", "index.json: weight_map is missing");
  check_index_refused(R"({"weight_map":{}})", "weight_map is empty");
  check_index_refused(R"({"weight_map":[]})", "weight_map must be an object");
  check_index_refused("{", "is not valid JSON");
}

BOOST_AUTO_TEST_CASE(tensor_that_is_not_in_its_shard_is_refused) {
  check_index_refused(
      R"({"weight_map":{"model.norm.weight":"model-1.safetensors",
        "model.embed_tokens.weight":"model-1.safetensors",
        "model.layers.0.mlp.gate.weight":"model-1.safetensors"}})",
      "tensor \"model.layers.0.input_layernorm.weight\" is missing");
  check_index_refused(R"({"weight_map":{"lm_head.weight":"model-1.safetensors",
      "model.norm.weight":"model-1.safetensors"}})",
                      "tensor \"model.embed_tokens.weight\" is missing");
}

BOOST_AUTO_TEST_CASE(wrong_shape_is_refused_with_both_shapes) {
  check_config_refused(R"("intermediate_size":16)",
                       "tensor \"model.layers.0.mlp.gate_proj.weight\" has "
                       "the shape [8, 8], not [16, 8]");
  check_config_refused(R"("vocab_size":17)",
                       "has the shape [16, 8], not [17, 8]");
}

BOOST_AUTO_TEST_CASE(missing_tensors_are_all_named) {
  check_config_refused(R"("tie_word_embeddings":false)",
                       "tensor \"lm_head.weight\" is missing");
  check_config_refused(R"("num_hidden_layers":2)",
                       "tensor \"model.layers.1.input_layernorm.weight\" is "
                       "missing; tensor \"model.layers.1.self_attn.q_proj");
}

BOOST_AUTO_TEST_CASE(absurd_numbers_are_refused_with_their_range) {
  for (const std::string key :
       {"num_hidden_layers", "hidden_size", "num_attention_heads",
        "num_key_value_heads", "head_dim", "intermediate_size",
        "max_position_embeddings"}) {
    check_config_refused("\"" + key + "\":0", key + " is 0; 1 to ");
    check_config_refused("\"" + key + "\":18446744073709551615",
                         key + " is 18446744073709551615; 1 to ");
    check_config_refused("\"" + key + "\":-1",
                         key + " must be an integer of 0 or more");
    check_config_refused("\"" + key + "\":1.5", key + " must be an integer");
    check_config_refused("\"" + key + "\":\"8\"", key + " must be an integer");
  }
  check_config_refused(R"("num_hidden_layers":1000000000)",
                       "num_hidden_layers is 1000000000; 1 to 512");
}

BOOST_AUTO_TEST_CASE(missing_fields_are_named) {
  for (const std::string key :
       {"model_type", "num_hidden_layers", "hidden_size", "num_attention_heads",
        "intermediate_size", "max_position_embeddings"}) {
    check_config_refused("\"" + key + "\":null", key + " is missing");
  }
}

BOOST_AUTO_TEST_CASE(numbers_that_do_not_fit_together_are_refused) {
  check_config_refused(R"("num_attention_heads":3,"num_key_value_heads":2,
                          "head_dim":5)",
                       "the key-value heads (2) do not divide the heads (3); "
                       "the head dimension (5) must be even");
  check_config_refused(R"("rms_norm_eps":0)", "the norm epsilon");
  check_config_refused(R"("rope_theta":0)", "the rope base");
  check_config_refused(R"("rope_theta":1e300)", "the rope base");
}

BOOST_AUTO_TEST_CASE(unsupported_models_are_refused_with_what_loads) {
  check_config_refused(R"("model_type":"gpt2")",
                       "model_type \"gpt2\" is not supported; these are: "
                       "llama, mistral, mixtral, qwen2, qwen3, qwen3_moe, "
                       "gemma3_text, gemma3, phi3");
  check_config_refused(R"("hidden_act":"relu")",
                       "hidden_act \"relu\" is not supported");
  check_config_refused(R"("quantization_config":{"quant_method":"awq"})",
                       "quantized models load as GGUF");
}

BOOST_AUTO_TEST_CASE(unsupported_rope_scaling_is_refused) {
  for (const auto* key : {"rope_scaling", "rope_parameters"}) {
    const auto with = [&](const std::string& members) {
      return "\"" + std::string(key) + "\":{" + members + "}";
    };
    check_config_refused(
        with(R"("rope_type":"yarn","factor":4.0)"),
        std::string(key)
            + ": rope_type \"yarn\" is not supported; default, "
              "linear, llama3 and longrope are");
    check_config_refused(with(R"("rope_type":"linear")"), "factor is missing");
    check_config_refused(with(R"("rope_type":"linear","factor":0)"),
                         "rope scaling factors must be above 0 and finite");
    check_config_refused(with(R"("rope_type":"llama3","factor":8)"),
                         "low_freq_factor is missing");
    check_config_refused(
        with(R"("rope_type":"llama3","factor":8,"low_freq_factor":4,
              "high_freq_factor":4,"original_max_position_embeddings":8)"),
        "high_freq_factor must be above low_freq_factor");
    check_config_refused(with(R"("rope_type":"longrope","short_factor":[1,1])"),
                         "original_max_position_embeddings must be at least 2");
    check_config_refused(
        with(R"("rope_type":"longrope","original_max_position_embeddings":64,
              "short_factor":[1,1,1])"),
        "short_factor must be a list of 2 numbers");
    check_config_refused(with(R"("partial_rotary_factor":0)"),
                         "partial_rotary_factor must be above 0");
    check_config_refused("\"" + std::string(key) + "\":7",
                         std::string(key) + " must be an object");
  }
}

BOOST_AUTO_TEST_CASE(layer_types_must_fit_the_layers) {
  check_config_refused(
      R"("model_type":"mistral","sliding_window":8,
       "layer_types":["sliding_attention","full_attention"])",
      "layer_types has 2 entries for 1 layers");
  check_config_refused(R"("model_type":"mistral","sliding_window":8,
                          "layer_types":["chunked_attention"])",
                       "layer_types \"chunked_attention\" is not supported");
}

BOOST_AUTO_TEST_CASE(token_ids_that_are_none_are_refused) {
  check_config_refused(R"("eos_token_id":[1,-2])",
                       "eos_token_id must be a list of integers");
  check_config_refused(R"("eos_token_id":"</s>")",
                       "eos_token_id must be an integer");
  check_config_refused(R"("eos_token_id":4294967296)",
                       "eos_token_id is not a token id");
}

BOOST_AUTO_TEST_CASE(any_bytes_flipped_open_or_are_refused) {
  const temporary_folder folder;
  folder.write("config.json", tiny_folder_config());
  const auto tensors = tiny_folder_tensors().bytes();
  const auto config = tiny_folder_config();
  std::mt19937 random(1);
  const auto flipped = [&](std::string bytes, std::size_t head) {
    for (auto flips = random() % 4 + 1; flips > 0; --flips) {
      bytes[random() % head] = static_cast<char>(random());
    }
    return bytes;
  };
  for (int i = 0; i < 2000; ++i) {
    const bool flip_config = i % 2 == 0;
    folder.write("config.json",
                 flip_config ? flipped(config, config.size()) : config);
    folder.write("model.safetensors",
                 flip_config ? tensors : flipped(tensors, 900));
    try {
      const auto model = model_files::open(folder.path());
      to_f32(model.require(tensor_role::key));
    } catch (const model_error&) {
      continue; // the only other way out
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
