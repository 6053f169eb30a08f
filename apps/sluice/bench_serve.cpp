// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice bench serve: load on any server that speaks OpenAI's HTTP API, and how
// fast it answered.
#include "apps/bench_serve/duration.hpp"
#include "apps/bench_serve/load_run.hpp"
#include "apps/bench_serve/server_probe.hpp"
#include "apps/bench_serve/serving_plot.hpp"
#include "apps/bench_serve/serving_text.hpp"
#include "apps/plot/plot_file.hpp"
#include "apps/sluice/chat_target.hpp"
#include "apps/sluice/command.hpp"
#include "apps/sluice/interrupt.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>

namespace sluice::apps {

namespace {

namespace json = boost::json;

constexpr std::chrono::seconds load_patience{300};
constexpr std::size_t requests_by_default = 200;

/// The command line as it was written; settings_of() reads it.
struct serve_bench_options {
  std::string url = "http://127.0.0.1:8080";
  std::string model;
  std::string endpoint = "chat";
  std::string api_key;
  std::size_t concurrency = 0;
  double rate = 0;
  std::string burstiness = "1";
  std::vector<std::string> ramps;
  std::size_t requests = 0;
  std::string duration;
  std::size_t warm_up = 0;
  std::string prompt_tokens = "256";
  std::string output_tokens = "128";
  std::string trace;
  double speed = 1;
  std::string scale = "1";
  std::size_t limit = 0;
  std::uint32_t context = 0;
  bool until_eos = false;
  double temperature = 0;
  std::string extra;
  bool no_keep_alive = false;
  std::string timeout = "120s";
  std::string connect_timeout = "5s";
  std::uint64_t seed = 0;
  std::string slo;
  std::string json_file;
  std::string plot_file;
};

/// A whole bench, ready to run.
struct serve_bench {
  load_settings load;
  workload_settings work;
  run_description what;
};

std::chrono::milliseconds milliseconds(const std::string& text) {
  return std::chrono::milliseconds{
      static_cast<std::int64_t>(std::ceil(1e3 * parse_duration(text)))};
}

/// "0.03125" or "1/32".
double parse_factor(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == text.npos)
    return parse_number(text);
  return parse_number(std::string_view{text}.substr(0, slash))
         / parse_number(std::string_view{text}.substr(slash + 1));
}

/// Of a gamma distribution.
double parse_shape(const std::string& text) {
  if (text == "inf")
    return std::numeric_limits<double>::infinity();
  const double shape = parse_number(text);
  if (!(shape > 0))
    throw std::invalid_argument{"it must be above 0"};
  return shape;
}

json::object parse_object(const std::string& text) {
  json::error_code ec;
  const auto value = json::parse(text, ec);
  if (ec || !value.is_object())
    throw std::invalid_argument{"'" + text + "' is no JSON object"};
  return value.get_object();
}

std::optional<arrival_process> arrivals_of(const serve_bench_options& options) {
  if (options.rate <= 0 && options.ramps.empty())
    return {};
  std::vector<rate_ramp> ramps;
  for (const auto& text : options.ramps)
    ramps.push_back(parse_ramp(text));
  const double last = options.rate > 0 ? options.rate : ramps.back().to;
  return arrival_process{std::move(ramps), last,
                         parse_shape(options.burstiness)};
}

std::string loop_text(const serve_bench_options& options,
                      const serve_bench& bench) {
  std::string out;
  const auto most = std::to_string(bench.load.concurrency);
  if (bench.work.closed)
    out = "closed loop, " + most + " clients";
  else if (options.trace.empty() || bench.work.arrivals)
    out = "open loop";
  else
    out = "open loop, the trace's times";
  for (const auto& ramp : options.ramps)
    out += ", ramp " + ramp;
  if (options.rate > 0)
    out += ", " + json::serialize(json::value{options.rate}) + " requests/s";
  if (bench.work.arrivals)
    out += ", burstiness " + options.burstiness;
  if (!bench.work.closed && bench.load.concurrency != 0)
    out += ", at most " + most + " at once";
  return out + (options.no_keep_alive ? ", no keep-alive" : ", keep-alive");
}

std::string lengths_text(const serve_bench_options& options,
                         const serve_bench& bench) {
  if (!bench.work.recorded)
    return "prompts " + options.prompt_tokens + ", answers "
           + options.output_tokens + " tokens";
  auto out = options.trace + ", "
             + std::to_string(bench.work.recorded->requests.size())
             + " requests";
  if (options.scale != "1")
    out += ", lengths x " + options.scale;
  if (bench.work.recorded->shortened > 0)
    out += ", " + std::to_string(bench.work.recorded->shortened)
           + " shortened to the context of " + std::to_string(options.context);
  return out;
}

request_form form_of(const serve_bench_options& options) {
  request_form out;
  out.where =
      options.endpoint == "chat" ? endpoint::chat : endpoint::completions;
  out.model = options.model;
  out.ignore_eos = !options.until_eos;
  out.temperature = options.temperature;
  if (!options.extra.empty())
    out.extra = parse_object(options.extra);
  return out;
}

/// Requests, lengths and times.
void set_up_work(const serve_bench_options& options, serve_bench& bench) {
  auto& work = bench.work;
  work.form = form_of(options);
  work.prompt = length_distribution::parse(options.prompt_tokens);
  work.output = length_distribution::parse(options.output_tokens);
  work.seed = options.seed;
  work.arrivals = arrivals_of(options);
  if (!options.trace.empty()) {
    work.recorded = changed(read_trace(options.trace),
                            {.speed = options.speed,
                             .scale = parse_factor(options.scale),
                             .limit = options.limit,
                             .context = options.context});
    bench.what.shared_share = shared_prompt_share(*work.recorded);
  }
  work.closed = !work.arrivals && (!work.recorded || options.concurrency > 0);
}

void set_up_load(const serve_bench_options& options, serve_bench& bench) {
  auto& load = bench.load;
  load.server = parse_server_url(options.url);
  load.client.keep_alive = !options.no_keep_alive;
  load.client.call_timeout = milliseconds(options.timeout);
  load.client.connect_timeout = milliseconds(options.connect_timeout);
  if (!options.api_key.empty())
    load.headers.emplace_back("Authorization", "Bearer " + options.api_key);
  load.target = path_of(bench.work.form.where);
  load.concurrency = options.concurrency;
  if (bench.work.closed && load.concurrency == 0)
    load.concurrency = 1;
  if (!options.duration.empty())
    load.duration = parse_duration(options.duration);
  load.requests = options.requests;
  if (load.requests == 0 && options.duration.empty() && !bench.work.recorded)
    load.requests = requests_by_default;
}

/// Reads all that can be read without a server. Throws std::exception with a
/// text that says what is wrong.
serve_bench settings_of(const serve_bench_options& options) {
  serve_bench out;
  set_up_work(options, out);
  set_up_load(options, out);
  auto& what = out.what;
  if (!options.slo.empty())
    what.bounds = objective::parse(options.slo);
  if (!options.plot_file.empty())
    check_plot_path(options.plot_file);
  what.url = "http://" + to_string(out.load.server);
  what.endpoint = out.load.target;
  what.seed = options.seed;
  what.load = loop_text(options, out);
  what.lengths = lengths_text(options, out);
  return out;
}

/// The mean rate that requests were due at.
std::optional<double> wanted_rate(const serve_bench& bench,
                                  const run_record& record) {
  if (bench.work.closed)
    return {};
  double last = 0;
  for (const auto& r : record.answered)
    last = std::max(last, r.due);
  if (last <= 0)
    return {};
  if (bench.work.arrivals)
    return bench.work.arrivals->expected_until(last) / last;
  return static_cast<double>(record.sent) / last;
}

/// One line on a terminal that is drawn again and again.
class progress_line {
public:
  explicit progress_line(bool enabled)
      : enabled_{enabled && isatty(STDERR_FILENO) == 1} {}
  ~progress_line() {
    if (enabled_)
      std::fputs("\r\033[K", stderr);
  }
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  void draw(const char* title, const load_progress& p) const {
    if (enabled_)
      std::fprintf(stderr,
                   "\r%s %.1f s: %zu answered, %zu in flight, %zu failed, "
                   "%.0f tok/s\033[K",
                   title, p.elapsed, p.answered, p.in_flight, p.failed,
                   p.pieces_per_second);
  }

private:
  bool enabled_;
};

/// Thousands of connections need as many file descriptors.
void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0)
    return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

run_record run_load(const load_settings& load, workload_settings work,
                    const calibration& tokenizer, const char* title, bool quiet,
                    const interrupt_guard& interrupt) {
  const progress_line line{!quiet};
  load_run run{load, workload{std::move(work), tokenizer}};
  return run.run([&] { return interrupt.raised(); },
                 [&](const load_progress& p) { line.draw(title, p); });
}

/// Requests of the same kind with other texts, as fast as the clients may.
void warm_up(const serve_bench& bench, std::size_t requests,
             const calibration& tokenizer, bool quiet,
             const interrupt_guard& interrupt) {
  auto load = bench.load;
  auto work = bench.work;
  load.requests = requests;
  load.duration = std::numeric_limits<double>::infinity();
  load.concurrency = std::max<std::size_t>(load.concurrency, 1);
  work.recorded.reset();
  work.arrivals.reset();
  work.closed = true;
  work.seed = ~work.seed;
  run_load(load, std::move(work), tokenizer, "warm-up", quiet, interrupt);
}

void write_files(const serve_bench_options& options, const serve_bench& bench,
                 const run_record& record, const serving_report& report) {
  if (!options.json_file.empty()) {
    std::ofstream out{options.json_file};
    if (!(out << to_json(bench.what, record, report) << '\n') || !out.flush())
      throw std::runtime_error{options.json_file + ": cannot be written"};
  }
  if (!options.plot_file.empty())
    write_plot(options.plot_file, serving_svg(bench.what, record, report));
}

calibration meet_server(serve_bench& bench) {
  server_probe probe{bench.load.server, bench.load.headers};
  probe.wait_until_ready(load_patience);
  auto& form = bench.work.form;
  if (form.model.empty())
    form.model = probe.first_model();
  bench.what.model = form.model;
  return probe.learn_tokenizer(form, bench.what.tokenizer);
}

exit_code bench_serve(const serve_bench_options& options, bool quiet) {
  auto bench = settings_of(options);
  allow_many_files();
  const auto tokenizer = meet_server(bench);
  const interrupt_guard interrupt;
  if (options.warm_up > 0)
    warm_up(bench, options.warm_up, tokenizer, quiet, interrupt);
  const auto record =
      run_load(bench.load, bench.work, tokenizer, "bench", quiet, interrupt);
  bench.what.wanted_rate = wanted_rate(bench, record);
  const auto report = make_report(record, bench.what.bounds);
  std::cout << to_text(bench.what, record, report);
  write_files(options, bench, record, report);
  if (record.interrupted)
    return exit_code::interrupted;
  return report.answered > 0 ? exit_code::ok : exit_code::failed;
}

void add_load_options(CLI::App& command, serve_bench_options& o) {
  command
      .add_option("-c,--concurrency", o.concurrency,
                  "Clients that ask again at once (closed loop; default 1); "
                  "with a rate or a trace's times, most requests at once")
      ->check(CLI::Range(1, 100'000));
  command
      .add_option("-r,--rate", o.rate,
                  "Requests per second, whatever the server does (open loop)")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--burstiness", o.burstiness,
                  "Shape of the gamma distributed gaps: 1 Poisson, below 1 "
                  "bursts, inf a metronome")
      ->capture_default_str()
      ->check(parsed_by(parse_shape));
  command
      .add_option("--ramp", o.ramps,
                  "FROM:TO:DURATION, e.g. 1:50:30s: the rate rises. May be "
                  "given again. --rate follows, or the last TO")
      ->check(parsed_by(parse_ramp));
  command.add_option("-n,--requests", o.requests,
                     "Requests to send (default 200, or all of a trace)");
  command
      .add_option("-d,--duration", o.duration,
                  "Start no request after this, e.g. 30s")
      ->check(parsed_by(parse_duration));
  command.add_option("--warm-up", o.warm_up,
                     "Requests before the measurement, not counted");
  command.add_flag("--no-keep-alive", o.no_keep_alive,
                   "A new connection for each request");
  command.add_option("--timeout", o.timeout, "For a whole answer")
      ->capture_default_str()
      ->check(parsed_by(parse_duration));
  command
      .add_option("--connect-timeout", o.connect_timeout, "For a connection")
      ->capture_default_str()
      ->check(parsed_by(parse_duration));
}

void add_request_options(CLI::App& command, serve_bench_options& o) {
  command.add_option("--url", o.url, "Server to put load on")
      ->capture_default_str()
      ->check(parsed_by(parse_server_url));
  command.add_option("-m,--model", o.model,
                     "Model name (default: the first of /v1/models)");
  command.add_option("--endpoint", o.endpoint, "API to use")
      ->check(CLI::IsMember({"chat", "completions"}))
      ->capture_default_str();
  command.add_option("--api-key", o.api_key, "Key of the server");
  command
      .add_option("-p,--prompt-tokens", o.prompt_tokens,
                  "80, uniform:32:256 or lognormal:MEDIAN:SIGMA[:MAX]")
      ->capture_default_str()
      ->check(parsed_by(length_distribution::parse));
  command
      .add_option("-o,--output-tokens", o.output_tokens, "As --prompt-tokens")
      ->capture_default_str()
      ->check(parsed_by(length_distribution::parse));
  command.add_flag("--until-eos", o.until_eos,
                   "Answers may end by themselves (no ignore_eos)");
  command.add_option("--temperature", o.temperature, "0 is greedy")
      ->capture_default_str();
  command
      .add_option("--extra-body", o.extra,
                  "JSON object that is added to each request")
      ->check(parsed_by(parse_object));
  command.add_option("--seed", o.seed, "Of lengths, times and texts")
      ->capture_default_str();
}

void add_trace_options(CLI::App& command, serve_bench_options& o) {
  command.add_option("--trace", o.trace,
                     "Azure (.csv) or Mooncake (.jsonl) trace to replay: its "
                     "lengths, times and shared beginnings");
  command.add_option("--speed", o.speed, "2: the trace twice as fast")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--scale", o.scale,
                  "Of the trace's lengths, e.g. 1/32 (a Mooncake block of 512 "
                  "tokens becomes one of 16)")
      ->capture_default_str()
      ->check(parsed_by(parse_factor));
  command.add_option("--limit", o.limit, "First requests of the trace only");
  command
      .add_option("--context", o.context,
                  "Shorten prompts of a trace to this many tokens with "
                  "their answer")
      ->check(CLI::Range(16, 100'000'000));
}

} // namespace

void add_bench_serve(CLI::App& bench, const global_options& global,
                     selected_command& selected) {
  auto* command = bench.add_subcommand(
      "serve", "Load on an OpenAI-compatible server, and its latencies");
  auto options = std::make_shared<serve_bench_options>();
  add_request_options(*command, *options);
  add_load_options(*command, *options);
  add_trace_options(*command, *options);
  command
      ->add_option("--slo", options->slo,
                   "Bounds for goodput: ttft=200ms,tpot=20ms,itl=..,e2e=..")
      ->check(parsed_by(objective::parse));
  command->add_option("--json", options->json_file,
                      "Write all figures and requests to this file");
  command
      ->add_option("--plot", options->plot_file,
                   "Write a picture: .svg, or .png with rsvg-convert")
      ->check(parsed_by(check_plot_path));
  command->footer(std::string{formulas()});
  command->callback([options, &selected, &global] {
    selected.run = [options, &global] {
      return bench_serve(*options, global.quiet);
    };
  });
}

} // namespace sluice::apps
