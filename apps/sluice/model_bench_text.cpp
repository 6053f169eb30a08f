// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/model_bench_text.hpp"

#include "apps/plot/svg.hpp"
#include "apps/sluice/progress_bar.hpp"

namespace sluice::apps {

namespace {

std::string model_line(const device::model_files& files) {
  return files.path().filename().string()
         + formatted(": %s, %.1f M parameters, %s",
                     std::string{files.weight_format()}.c_str(),
                     static_cast<double>(files.parameters()) * 1e-6,
                     format_bytes(files.weight_bytes()).c_str());
}

std::string line_of(const bench_row& row) {
  return formatted("%-22s %10.1f %9.1f .. %8.1f %8.1f %9.1f %5.1f %% of %s\n",
                   row.name().c_str(), row.median, row.least, row.most,
                   row.bytes_per_second * 1e-9,
                   row.operations_per_second * 1e-9, 100 * row.share,
                   std::string{name(row.limit)}.c_str());
}

boost::json::object json_of(const bench_row& row) {
  boost::json::object out;
  if (row.batch == 0) {
    out["tokens"] = row.tokens;
  } else {
    out["batch"] = row.batch;
    out["context"] = row.context;
    out["tokens"] = row.tokens;
  }
  out["tok_s"] = row.median;
  out["share"] = row.share;
  out["limit"] = name(row.limit);
  out["tok_s_min"] = row.least;
  out["tok_s_max"] = row.most;
  out["gops"] = row.operations_per_second * 1e-9;
  out["gbs"] = row.bytes_per_second * 1e-9;
  return out;
}

} // namespace

std::string table_of(const device::model_files& files,
                     const bench_result& result) {
  const auto& top = result.ceilings;
  auto out = model_line(files) + "\n";
  out += result.backend
         + formatted(", %u threads; load %.0f ms, peak memory %s\n",
                     result.threads, result.load_ms,
                     format_bytes(result.peak_bytes).c_str());
  out += formatted("ceilings: read %.1f GB/s, int8 %.2f Top/s, bf16 %.2f "
                   "Tflop/s\n",
                   top.read_bytes_per_second * 1e-9,
                   top.integer_operations_per_second * 1e-12,
                   top.bf16_operations_per_second * 1e-12);
  out += formatted("%-22s %10s %21s %8s %9s %s\n", "test", "tok/s",
                   "min .. max", "GB/s", "Gop/s", "share of a ceiling");
  for (const auto& row : result.rows)
    out += line_of(row);
  return out;
}

boost::json::object json_of(const device::model_files& files,
                            const bench_result& result) {
  boost::json::array prefill;
  boost::json::array decode;
  for (const auto& row : result.rows)
    (row.batch == 0 ? prefill : decode).emplace_back(json_of(row));
  const auto& top = result.ceilings;
  return {{"model", files.path().string()},
          {"format", files.weight_format()},
          {"parameters", files.parameters()},
          {"weight_bytes", files.weight_bytes()},
          {"backend", result.backend},
          {"threads", result.threads},
          {"repeats", result.repeats},
          {"load_ms", result.load_ms},
          {"peak_resident_bytes", result.peak_bytes},
          {"ceilings",
           {{"int8_tops", top.integer_operations_per_second * 1e-12},
            {"bf16_tflops", top.bf16_operations_per_second * 1e-12},
            {"read_gbs", top.read_bytes_per_second * 1e-9}}},
          {"prefill", std::move(prefill)},
          {"decode", std::move(decode)}};
}

roofline roofline_of(const device::model_files& files,
                     const bench_result& result) {
  const auto limit = compute_limit(files);
  roofline out;
  out.title = model_line(files);
  out.subtitle =
      result.backend + formatted(", %u threads", result.threads)
      + "; each point with its share of what the roof above it allows";
  out.read_bytes_per_second = result.ceilings.read_bytes_per_second;
  out.peak_operations_per_second = ceiling_of(result.ceilings, limit);
  out.peak_name = name(limit);
  for (const auto& row : result.rows)
    out.points.push_back(
        {row.name(), row.bytes_per_second, row.operations_per_second});
  return out;
}

} // namespace sluice::apps
