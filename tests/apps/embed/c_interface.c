/* SPDX-FileCopyrightText: The Sluice authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The C interface as a C99 program sees it: null pointers, ages of structs,
 * answers, taps, and who owns what. Prints each claim that does not hold. */
#include "sluice/sluice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CLAIM(text, holds)                                                     \
  do {                                                                         \
    if (!(holds)) {                                                            \
      ++failures;                                                              \
      printf("c_interface.c:%d: not so: %s\n", __LINE__, text);                \
    }                                                                          \
  } while (0)

static const char* const graph =
    "graph: c\n"
    "models:\n"
    "  edge: {path: models/edge-q8_0.gguf}\n"
    "actors:\n"
    "  prep: {kind: preprocess, model: edge}\n"
    "  home: {kind: model, model: edge, threads: 1, kv_memory: 64MiB}\n"
    "  done: {kind: postprocess, model: edge}\n"
    "flow:\n"
    "  - prep -> home -> done\n";

static sluice_request question(uint32_t max_tokens) {
  sluice_request out;
  sluice_request_init(&out);
  out.text = "The history of the number";
  out.temperature = 0;
  out.max_tokens = max_tokens;
  out.fields = "{\"ignore_eos\": true}";
  return out;
}

static void null_pointers_give_an_error_and_no_crash(void) {
  sluice_runtime* runtime = NULL;
  sluice_answer* answer = NULL;
  char* text = NULL;
  CLAIM("open refuses",
        sluice_open(NULL, NULL, &runtime, &text) == SLUICE_BAD_ARGUMENT);
  CLAIM("and says which",
        text != NULL && strcmp(text, "'graph' is a null pointer") == 0);
  sluice_free_text(text);
  CLAIM("open_text refuses",
        sluice_open_text(graph, NULL, NULL, NULL) == SLUICE_BAD_ARGUMENT);
  CLAIM("submit refuses",
        sluice_submit(NULL, NULL, &answer) == SLUICE_BAD_ARGUMENT);
  CLAIM("cancel refuses", sluice_cancel(NULL, 1) == SLUICE_BAD_ARGUMENT);
  CLAIM("next refuses",
        sluice_answer_next(NULL, 0, NULL) == SLUICE_BAD_ARGUMENT);
  CLAIM("status refuses", sluice_get_status(NULL, NULL) == SLUICE_BAD_ARGUMENT);
  CLAIM("wait refuses", sluice_wait_ready(NULL, 0) == SLUICE_BAD_ARGUMENT);
  CLAIM("drain refuses", sluice_drain(NULL, 0, NULL) == SLUICE_BAD_ARGUMENT);
  CLAIM("close refuses", sluice_close(NULL) == SLUICE_BAD_ARGUMENT);
  CLAIM("edges refuses", sluice_edges(NULL, NULL) == SLUICE_BAD_ARGUMENT);
  CLAIM("inject refuses",
        sluice_inject(NULL, NULL, NULL, NULL) == SLUICE_BAD_ARGUMENT);
  CLAIM("tap refuses",
        sluice_tap_edge(NULL, NULL, NULL, NULL, NULL) == SLUICE_BAD_ARGUMENT);
  CLAIM("emit refuses", sluice_emit(NULL, NULL, NULL) == SLUICE_BAD_ARGUMENT);
  CLAIM("refuse refuses", sluice_refuse(NULL, 1, NULL) == SLUICE_BAD_ARGUMENT);
  CLAIM("keep refuses", sluice_message_keep(NULL, NULL) == SLUICE_BAD_ARGUMENT);
  CLAIM("no setting", sluice_setting_value(NULL, NULL) == NULL);
  CLAIM("no answer has no id", sluice_answer_id(NULL) == 0);
  text = sluice_last_error(NULL);
  CLAIM("no handle has no error", text != NULL && text[0] == '\0');
  sluice_free_text(text);
  sluice_message_init(NULL);
  sluice_kind_init(NULL);
  sluice_options_init(NULL);
  sluice_request_init(NULL);
  sluice_delta_init(NULL);
  sluice_status_init(NULL);
  sluice_answer_cancel(NULL);
  sluice_answer_free(NULL);
  sluice_tap_free(NULL);
  sluice_message_free(NULL);
  sluice_free(NULL);
  sluice_free_text(NULL);
}

static void wrong_graph_tells_every_mistake(void) {
  sluice_runtime* runtime = NULL;
  char* text = NULL;
  CLAIM(
      "bad graph",
      sluice_open_text("graph: x\nactors:\n  a: {kind: modle}\nflow: [a -> b]",
                       NULL, &runtime, &text)
          == SLUICE_BAD_GRAPH);
  CLAIM("no handle", runtime == NULL);
  CLAIM("with its line", text != NULL && strstr(text, "graph:3:13:") != NULL);
  CLAIM("and the other", text != NULL && strstr(text, "'b'") != NULL);
  sluice_free_text(text);
}

static void struct_without_size_is_refused(sluice_runtime* runtime) {
  sluice_request request = question(4);
  sluice_answer* answer = NULL;
  char* text = NULL;
  request.size = 0;
  CLAIM("refused",
        sluice_submit(runtime, &request, &answer) == SLUICE_BAD_ARGUMENT);
  text = sluice_last_error(runtime);
  CLAIM("with a remedy", text != NULL && strstr(text, "_init") != NULL);
  sluice_free_text(text);
}

static void struct_of_an_older_program_is_read(sluice_runtime* runtime) {
  sluice_request request = question(4);
  sluice_answer* answer = NULL;
  sluice_delta delta;
  request.size = offsetof(sluice_request, timeout_ms);
  request.fields = (const char*)1; /* beyond what the program knew */
  CLAIM("taken", sluice_submit(runtime, &request, &answer) == SLUICE_OK);
  sluice_delta_init(&delta);
  while (sluice_answer_next(answer, -1, &delta) == SLUICE_OK)
    ;
  CLAIM("answered", delta.completion_tokens > 0);
  sluice_answer_free(answer);
}

static void count_tokens(void* user, const sluice_message* message) {
  *(size_t*)user += message->token_count;
}

static void answer_is_pulled_to_its_end(sluice_runtime* runtime) {
  sluice_request request = question(12);
  sluice_answer* answer = NULL;
  sluice_tap* tap = NULL;
  sluice_delta delta;
  sluice_code code;
  size_t tokens = 0, bytes = 0;
  CLAIM("tapped",
        sluice_tap_edge(runtime, "home -> done", count_tokens, &tokens, &tap)
            == SLUICE_OK);
  CLAIM("taken", sluice_submit(runtime, &request, &answer) == SLUICE_OK);
  CLAIM("it has an id", sluice_answer_id(answer) != 0);
  sluice_delta_init(&delta);
  while ((code = sluice_answer_next(answer, -1, &delta)) == SLUICE_OK)
    bytes += delta.text_size;
  CLAIM("ended", code == SLUICE_ENDED);
  CLAIM("said something", bytes > 0);
  CLAIM("length", delta.finish == SLUICE_FINISH_LENGTH);
  CLAIM("usage", delta.completion_tokens == 12 && delta.prompt_tokens > 0);
  sluice_tap_free(tap);
  CLAIM("the tap saw each token", tokens == 12);
  sluice_answer_free(answer);
}

static int fail_at_once(void* user, const sluice_delta* delta) {
  sluice_delta* last = user;
  if (delta->finish != SLUICE_FINISH_NONE) {
    last->finish = delta->finish;
    last->code = delta->code;
  }
  return 1;
}

static void failing_callback_ends_its_request(sluice_runtime* runtime) {
  sluice_request request = question(400);
  sluice_delta last;
  uint64_t id = 0;
  sluice_status status;
  sluice_delta_init(&last);
  CLAIM("taken",
        sluice_submit_callback(runtime, &request, fail_at_once, &last, &id)
            == SLUICE_OK);
  CLAIM("it has an id", id != 0);
  CLAIM("drained", sluice_drain(runtime, 60000, NULL) == SLUICE_OK);
  CLAIM("host failed", last.code == SLUICE_HOST_FAILED);
  sluice_status_init(&status);
  CLAIM("status", sluice_get_status(runtime, &status) == SLUICE_OK
                      && status.state == SLUICE_READY && status.in_flight == 0);
}

static void use_after_close_is_told(sluice_runtime* runtime) {
  sluice_request request = question(4);
  sluice_answer* answer = NULL;
  char* names = NULL;
  CLAIM("closed", sluice_close(runtime) == SLUICE_OK);
  CLAIM("twice", sluice_close(runtime) == SLUICE_OK);
  CLAIM("submit", sluice_submit(runtime, &request, &answer) == SLUICE_CLOSED);
  CLAIM("edges", sluice_edges(runtime, &names) == SLUICE_CLOSED);
}

int main(void) {
  sluice_options options;
  sluice_runtime* runtime = NULL;
  char* text = NULL;
  CLAIM("same ABI", sluice_abi_version() == SLUICE_ABI_VERSION);
  CLAIM("a version", strlen(sluice_version()) >= 5);
  CLAIM("codes have names",
        strcmp(sluice_code_name(SLUICE_BAD_GRAPH), "bad_graph") == 0);
  null_pointers_give_an_error_and_no_crash();
  wrong_graph_tells_every_mistake();
  sluice_options_init(&options);
  options.folder = "examples";
  options.threads = 1;
  if (sluice_open_text(graph, &options, &runtime, &text) != SLUICE_OK) {
    printf("not opened: %s\n", text != NULL ? text : "");
    return 1;
  }
  struct_without_size_is_refused(runtime);
  struct_of_an_older_program_is_read(runtime);
  answer_is_pulled_to_its_end(runtime);
  failing_callback_ends_its_request(runtime);
  use_after_close_is_told(runtime);
  sluice_free(runtime);
  return failures == 0 ? 0 : 1;
}
