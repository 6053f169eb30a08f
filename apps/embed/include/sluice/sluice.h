/* SPDX-FileCopyrightText: The Sluice authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The runtime for hosts in C, and in every language that calls C. C99.
 *
 * ABI: compiled programs go on working with every library whose
 * sluice_abi_version() equals the SLUICE_ABI_VERSION they were compiled with.
 * Structs begin with their size, set by their _init function; members are only
 * ever added at the end.
 *
 * Errors: functions return a sluice_code, SLUICE_OK (0) or why not. A null
 * pointer where one is needed gives SLUICE_BAD_ARGUMENT. Nothing throws. The
 * text of the last error of a handle: sluice_last_error(); where there is no
 * handle yet, functions give the text to `error`, which may be NULL.
 *
 * Strings are UTF-8 and end with a zero byte. Those that go in are copied
 * before the function returns. Those that come out as `char*` belong to the
 * caller: sluice_free_text(). Those that come out as `const char*`, and the
 * structs and arrays given to callbacks, belong to the library: until the
 * callback returns, or as each function says.
 *
 * Threads: every function may be called from any thread, except that no handle
 * may be in use while it is closed or freed, and that one thread at a time
 * pulls from an answer. Callbacks come on threads of the library; they may call
 * everything but sluice_close, sluice_drain and a waiting sluice_answer_next,
 * which return SLUICE_MISUSE there. */
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SLUICE_C_API __attribute__((visibility("default")))
#else
#define SLUICE_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define SLUICE_ABI_VERSION 1

/* Of the library that is loaded. */
SLUICE_C_API uint32_t sluice_abi_version(void);
/* "0.1.0"; static. */
SLUICE_C_API const char* sluice_version(void);

typedef int32_t sluice_code;
enum {
  SLUICE_OK = 0,
  SLUICE_BAD_REQUEST = 1,       /* a field of the request is wrong */
  SLUICE_PROMPT_TOO_LONG = 2,   /* the prompt leaves no room in the context */
  SLUICE_UNKNOWN_MODEL = 3,     /* no such model in this graph */
  SLUICE_OVERLOADED = 4,        /* queues are full, try again later */
  SLUICE_DEADLINE_EXCEEDED = 5, /* the request's deadline passed */
  SLUICE_CANCELLED = 6,         /* somebody gave the request up */
  SLUICE_CLOSED = 7,            /* the runtime drains or is closed */
  SLUICE_MODEL_FAILED = 8,      /* a model could not be loaded or run */
  SLUICE_TEMPLATE_FAILED = 9,   /* the chat template refused */
  SLUICE_NO_ROUTE = 10,         /* no rule of a router matches */
  SLUICE_HOST_FAILED = 11,      /* an actor of the host failed */
  SLUICE_BAD_ARGUMENT = 64,     /* an argument or an option is wrong */
  SLUICE_BAD_GRAPH = 65,        /* mistakes in the graph; one per line */
  SLUICE_UNKNOWN_EDGE = 66,     /* the graph has no such edge */
  SLUICE_WRONG_TYPE = 67,       /* a message of another type */
  SLUICE_NOT_READY = 68,        /* the models are still being opened */
  SLUICE_CANNOT_LISTEN = 69,    /* the gateway's port cannot be opened */
  SLUICE_TIMED_OUT = 70,        /* the wait is over, the work is not */
  SLUICE_MISUSE = 71,           /* a call that would wait for itself */
  SLUICE_FAILED = 72,           /* anything else; the text says what */
  SLUICE_ENDED = 73             /* the answer's last piece was pulled */
};

/* "bad_request" and so on; static. */
SLUICE_C_API const char* sluice_code_name(sluice_code code);
/* NULL is fine. */
SLUICE_C_API void sluice_free_text(char* text);

typedef struct sluice_runtime sluice_runtime;
typedef struct sluice_answer sluice_answer;
typedef struct sluice_tap sluice_tap;
typedef struct sluice_outputs sluice_outputs;

/* -- messages ------------------------------------------------------------- */

enum { /* what edges and ports carry; the same words as in graph files */
       SLUICE_REQUEST = 0,
       SLUICE_PROMPT = 1,
       SLUICE_TOKENS = 2,
       SLUICE_TEXT = 3
};

enum { /* why an answer ended */
       SLUICE_FINISH_NONE = 0,
       SLUICE_FINISH_STOP = 1,
       SLUICE_FINISH_LENGTH = 2,
       SLUICE_FINISH_CANCELLED = 3,
       SLUICE_FINISH_ERROR = 4
};

/* One message. Which members count depends on the type. What they do not show
 * travels along in `origin`: copy the struct, change the copy, and pass it on
 * within the callback. To pass it on later, sluice_message_keep(). */
typedef struct sluice_message {
  size_t size;
  int32_t type;
  uint64_t id;
  int64_t deadline_ms;       /* request, prompt: since 1970, UTC */
  const char* tenant;        /* request, prompt */
  const char* const* labels; /* request, prompt: [label_count] */
  size_t label_count;
  const char* messages;  /* request: JSON array, or "" */
  const char* text;      /* request: raw prompt, or ""; text: new text */
  const int32_t* tokens; /* [token_count] prompt's ids; tokens: 0 or 1 */
  size_t token_count;
  int32_t begins;             /* tokens: an answer begins */
  uint32_t prompt_tokens;     /* tokens that begin; text with finish */
  uint32_t completion_tokens; /* text: so far */
  int32_t finish;             /* tokens, text */
  sluice_code code;           /* with SLUICE_FINISH_ERROR */
  const char* error;          /* with SLUICE_FINISH_ERROR */
  const void* origin;         /* leave as it is */
} sluice_message;

SLUICE_C_API void sluice_message_init(sluice_message* message);
/* A copy that lives until sluice_message_free(). */
SLUICE_C_API sluice_code sluice_message_keep(const sluice_message* from,
                                             sluice_message** copy);
SLUICE_C_API void sluice_message_free(sluice_message* message);

/* -- actors of the host's own --------------------------------------------- */

typedef struct sluice_port {
  const char* name;
  int32_t type; /* SLUICE_REQUEST .. SLUICE_TEXT */
} sluice_port;

enum { /* types of settings */
       SLUICE_SETTING_TEXT = 0,
       SLUICE_SETTING_INTEGER = 1,
       SLUICE_SETTING_NUMBER = 2,
       SLUICE_SETTING_TRUTH = 3, /* "true" or "false" */
       SLUICE_SETTING_TEXTS = 4  /* one text per line */
};

typedef struct sluice_setting {
  const char* name;
  int32_t type;
  int32_t required;
  const char* fallback; /* as text; NULL: "", 0 or false */
} sluice_setting;

/* The value of a setting as text, NULL if there is none of that name. Lives
 * until the callback returns. */
typedef struct sluice_settings sluice_settings;
SLUICE_C_API const char* sluice_setting_value(const sluice_settings* settings,
                                              const char* name);

/* A kind of actor. Inputs of one kind differ in their types. Each actor is
 * called by one thread at a time and may block. */
typedef struct sluice_kind {
  size_t size;
  const char* name;
  const sluice_port* inputs;
  size_t input_count;
  const sluice_port* outputs;
  size_t output_count;
  const sluice_setting* settings;
  size_t setting_count;
  void* user;
  /* Makes the actor called `name`; `outputs` lives as long as the actor. Other
   * than 0 makes the runtime fail. */
  int (*make)(void* user, const char* name, const sluice_settings* settings,
              sluice_outputs* outputs, void** actor);
  /* Other than 0 ends the request with SLUICE_HOST_FAILED. */
  int (*receive)(void* actor, const char* port, const sluice_message* message,
                 sluice_outputs* outputs);
  void (*cancelled)(void* actor, uint64_t id); /* may be NULL */
  void (*destroy)(void* actor);                /* may be NULL */
} sluice_kind;

SLUICE_C_API void sluice_kind_init(sluice_kind* kind);

SLUICE_C_API sluice_code sluice_emit(sluice_outputs* outputs, const char* port,
                                     const sluice_message* message);
/* Ends a request with SLUICE_BAD_REQUEST instead of passing it on. */
SLUICE_C_API sluice_code sluice_refuse(sluice_outputs* outputs, uint64_t id,
                                       const char* text);

/* -- a runtime ------------------------------------------------------------ */

enum { /* levels of log lines */
       SLUICE_LOG_DEBUG = 0,
       SLUICE_LOG_INFO = 1,
       SLUICE_LOG_WARNING = 2,
       SLUICE_LOG_ERROR = 3
};

typedef struct sluice_options {
  size_t size;
  int32_t serve;      /* opens the gateway's port; 0: no port at all */
  const char* listen; /* instead of the gateway's address; NULL */
  const char* folder; /* sluice_open_text: what paths are relative to; NULL */
  const char* placement;    /* a placement file; NULL */
  uint32_t threads;         /* that compute; 0: every core */
  uint32_t max_requests;    /* of the host at once; more are refused */
  uint32_t drain_ms;        /* for requests under way, at close */
  int32_t wait_ready;       /* open returns once requests are answered */
  const sluice_kind* kinds; /* [kind_count] */
  size_t kind_count;
  void (*log)(void* user, int32_t level, const char* line); /* NULL: silent */
  void* log_user;
} sluice_options;

SLUICE_C_API void sluice_options_init(sluice_options* options);

/* A graph file (.yaml, .yml), or a model file that gets the default graph.
 * `options` may be NULL. */
SLUICE_C_API sluice_code sluice_open(const char* file,
                                     const sluice_options* options,
                                     sluice_runtime** runtime, char** error);
/* As sluice_open, from the text of a graph file. */
SLUICE_C_API sluice_code sluice_open_text(const char* graph,
                                          const sluice_options* options,
                                          sluice_runtime** runtime,
                                          char** error);

/* Of the last call on this handle that failed; "" if none did. */
SLUICE_C_API char* sluice_last_error(const sluice_runtime* runtime);

enum { /* states of a runtime */
       SLUICE_LOADING = 0,
       SLUICE_READY = 1,
       SLUICE_LOAD_FAILED = 2,
       SLUICE_IS_CLOSED = 3
};

typedef struct sluice_status {
  size_t size;
  int32_t state;
  uint64_t done;      /* bytes of all models */
  uint64_t total;     /* bytes; 0 until known */
  uint64_t in_flight; /* requests of the host */
} sluice_status;

SLUICE_C_API void sluice_status_init(sluice_status* status);
SLUICE_C_API sluice_code sluice_get_status(sluice_runtime* runtime,
                                           sluice_status* status);
/* SLUICE_TIMED_OUT while it is loading, SLUICE_MODEL_FAILED if it never will.
 */
SLUICE_C_API sluice_code sluice_wait_ready(sluice_runtime* runtime,
                                           uint32_t patience_ms);
/* Takes no more requests, waits for those under way. */
SLUICE_C_API sluice_code sluice_drain(sluice_runtime* runtime,
                                      uint32_t patience_ms, uint32_t* given_up);
/* Drains and stops everything. May be called again; all other calls return
 * SLUICE_CLOSED then. */
SLUICE_C_API sluice_code sluice_close(sluice_runtime* runtime);
/* Closes, and frees the handle. NULL is fine. Not inside a callback. */
SLUICE_C_API void sluice_free(sluice_runtime* runtime);

/* -- requests ------------------------------------------------------------- */

/* Exactly one of messages, text and tokens. */
typedef struct sluice_request {
  size_t size;
  const char* messages;  /* JSON array of chat messages */
  const char* text;      /* a raw prompt */
  const int32_t* tokens; /* [token_count] */
  size_t token_count;
  /* NaN leaves a number to the runtime, -1 top_k. */
  double temperature, top_p, min_p;
  double repetition_penalty, presence_penalty, frequency_penalty;
  int64_t top_k;
  int32_t seeded; /* whether `seed` counts */
  uint64_t seed;
  uint32_t max_tokens;     /* 0: to the end of the context */
  const char* const* stop; /* [stop_count] */
  size_t stop_count;
  const char* const* labels; /* [label_count] */
  size_t label_count;
  const char* tenant;  /* NULL */
  uint32_t timeout_ms; /* 0: ten minutes */
  const char* fields;  /* JSON object with other fields of the HTTP API; NULL */
} sluice_request;

SLUICE_C_API void sluice_request_init(sluice_request* request);

/* One piece of an answer. The one with `finish` set is the last. */
typedef struct sluice_delta {
  size_t size;
  uint64_t id;
  const char* text; /* whole UTF-8 characters */
  size_t text_size; /* bytes, should the text hold a zero */
  uint32_t completion_tokens;
  uint32_t prompt_tokens; /* with finish */
  uint32_t cached_tokens; /* of the prompt, with finish */
  int32_t finish;
  sluice_code code;  /* with cancelled and error */
  const char* error; /* with cancelled and error */
} sluice_delta;

SLUICE_C_API void sluice_delta_init(sluice_delta* delta);

SLUICE_C_API sluice_code sluice_submit(sluice_runtime* runtime,
                                       const sluice_request* request,
                                       sluice_answer** answer);
/* As sluice_submit, pushed. A callback that returns other than 0 ends its
 * request. `id` may be NULL. */
SLUICE_C_API sluice_code
sluice_submit_callback(sluice_runtime* runtime, const sluice_request* request,
                       int (*show)(void* user, const sluice_delta* delta),
                       void* user, uint64_t* id);
SLUICE_C_API sluice_code sluice_cancel(sluice_runtime* runtime, uint64_t id);

SLUICE_C_API uint64_t sluice_answer_id(const sluice_answer* answer);
/* The next piece, within `patience_ms`; 0 does not wait, -1 waits without end.
 * SLUICE_TIMED_OUT, or SLUICE_ENDED after the last one. What `delta` points to
 * lives until the next call on this answer. */
SLUICE_C_API sluice_code sluice_answer_next(sluice_answer* answer,
                                            int64_t patience_ms,
                                            sluice_delta* delta);
SLUICE_C_API void sluice_answer_cancel(sluice_answer* answer);
/* Cancels what has not ended. NULL is fine. */
SLUICE_C_API void sluice_answer_free(sluice_answer* answer);

/* -- edges ---------------------------------------------------------------- */

/* The edges by name, one per line: "prep -> pick". */
SLUICE_C_API sluice_code sluice_edges(sluice_runtime* runtime, char** names);
/* Sends a message along an edge. A request or prompt with id 0 is a new
 * request: its answer goes to `answer` (NULL otherwise; may be NULL, then the
 * request is cancelled at once). */
SLUICE_C_API sluice_code sluice_inject(sluice_runtime* runtime,
                                       const char* edge,
                                       const sluice_message* message,
                                       sluice_answer** answer);
/* Shows each message that goes along an edge, in the thread that sends it. */
SLUICE_C_API sluice_code
sluice_tap_edge(sluice_runtime* runtime, const char* edge,
                void (*show)(void* user, const sluice_message* message),
                void* user, sluice_tap** tap);
/* No call begins any more once this returns. NULL is fine. */
SLUICE_C_API void sluice_tap_free(sluice_tap* tap);

#ifdef __cplusplus
}
#endif

#endif
