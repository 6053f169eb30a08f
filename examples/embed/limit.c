/* SPDX-FileCopyrightText: The Sluice authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* A host in C with an actor kind of its own: 'limit' lets each tenant ask a
 * number of questions and refuses the rest.
 *   limit MODEL QUESTION */
#include <sluice/sluice.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TENANTS 16

typedef struct limiter {
  long most;
  char tenants[MOST_TENANTS][32];
  long asked[MOST_TENANTS];
} limiter;

static int make(void* user, const char* name, const sluice_settings* settings,
                sluice_outputs* outputs, void** actor) {
  limiter* made = calloc(1, sizeof *made);
  (void)user, (void)name, (void)outputs;
  if (made == NULL)
    return 1;
  made->most = strtol(sluice_setting_value(settings, "most"), NULL, 10);
  *actor = made;
  return 0;
}

static long* asked_by(limiter* own, const char* tenant) {
  int i = 0;
  while (i < MOST_TENANTS - 1 && own->tenants[i][0] != '\0'
         && strcmp(own->tenants[i], tenant) != 0)
    ++i;
  snprintf(own->tenants[i], sizeof own->tenants[i], "%s", tenant);
  return &own->asked[i];
}

static int receive(void* actor, const char* port, const sluice_message* message,
                   sluice_outputs* outputs) {
  limiter* own = actor;
  (void)port;
  if (++*asked_by(own, message->tenant) > own->most)
    return sluice_refuse(outputs, message->id, "that was your last question");
  return sluice_emit(outputs, "out", message);
}

static const char* const graph_format =
    "graph: limited\n"
    "models:\n"
    "  own: {path: \"%s\"}\n"
    "actors:\n"
    "  gate: {kind: limit, most: 1}\n"
    "  prep: {kind: preprocess, model: own}\n"
    "  home: {kind: model, model: own}\n"
    "  done: {kind: postprocess, model: own}\n"
    "flow:\n"
    "  - gate -> prep -> home -> done\n";

/* Prints the answer; returns how it ended. */
static sluice_code ask(sluice_runtime* runtime, const char* question) {
  sluice_request request;
  sluice_answer* answer = NULL;
  sluice_delta delta;
  sluice_code code;
  sluice_request_init(&request);
  sluice_delta_init(&delta);
  request.text = question;
  request.tenant = "ada";
  request.temperature = 0;
  request.max_tokens = 48;
  code = sluice_submit(runtime, &request, &answer);
  if (code != SLUICE_OK)
    return code;
  while ((code = sluice_answer_next(answer, -1, &delta)) == SLUICE_OK) {
    fputs(delta.text, stdout);
    if (delta.finish == SLUICE_FINISH_ERROR)
      printf("[%s: %s]", sluice_code_name(delta.code), delta.error);
  }
  putchar('\n');
  sluice_answer_free(answer);
  return code == SLUICE_ENDED ? SLUICE_OK : code;
}

int main(int argc, char** argv) {
  const sluice_port in = {"in", SLUICE_REQUEST};
  const sluice_port out = {"out", SLUICE_REQUEST};
  const sluice_setting most = {"most", SLUICE_SETTING_INTEGER, 1, NULL};
  sluice_kind kind;
  sluice_options options;
  sluice_runtime* runtime = NULL;
  sluice_code code;
  char* error = NULL;
  char graph[4096];
  if (argc != 3) {
    fputs("usage: limit MODEL QUESTION\n", stderr);
    return 2;
  }
  if (sluice_abi_version() != SLUICE_ABI_VERSION) {
    fputs("limit: another library than this was compiled for\n", stderr);
    return 1;
  }
  sluice_kind_init(&kind);
  kind.name = "limit";
  kind.inputs = &in;
  kind.input_count = 1;
  kind.outputs = &out;
  kind.output_count = 1;
  kind.settings = &most;
  kind.setting_count = 1;
  kind.make = make;
  kind.receive = receive;
  kind.destroy = free;
  sluice_options_init(&options);
  options.kinds = &kind;
  options.kind_count = 1;
  snprintf(graph, sizeof graph, graph_format, argv[1]);
  code = sluice_open_text(graph, &options, &runtime, &error);
  if (code != SLUICE_OK) {
    fprintf(stderr, "limit: %s: %s\n", sluice_code_name(code),
            error != NULL ? error : "");
    sluice_free_text(error);
    return 1;
  }
  code = ask(runtime, argv[2]);
  if (code == SLUICE_OK)
    code = ask(runtime, argv[2]);
  sluice_free(runtime);
  return code == SLUICE_OK ? 0 : 1;
}
