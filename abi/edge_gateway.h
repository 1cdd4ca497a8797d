/*
 * edge_gateway.h: the contract between Edge Gateway and a handler library.
 *
 * A handler is a shared library that exports handler_info and handler_entry.
 * This header is all that it needs: no library to link, no symbol to import.
 * The SDKs (C, Rust, Go) are comfort on top of it.
 *
 * Compatibility. This is ABI 0.x: host and library must carry the same major
 * and minor. From 1.0 on nothing here changes its meaning, its offset, its
 * owner or its thread rule; additions go to the end of a table and are found
 * by struct_size, or get a new name.
 *
 * Bytes. Text is bytes with a length, never NUL-terminated unless the type is
 * `const char *`. ptr NULL with len 0 is absent, ptr set with len 0 is empty;
 * ptr NULL with len > 0 is an error.
 *
 * Ownership. Whoever is called copies what it keeps. Nobody frees memory of
 * the other side.
 *
 * Threads. Each function carries one tag:
 *   [entry]       called by the host for a request, from many threads at once;
 *                 entry and resume of one request may run on different threads,
 *                 so hold no lock and no thread-local across a return
 *   [init]        called by the host once per instance, alone
 *   [any-thread]  may be called from every thread, of the library's own too
 *   [may-block]   returns late; holds the calling thread meanwhile
 *
 * No panic, exception or longjmp may cross this boundary in either direction.
 */
#ifndef EDGE_GATEWAY_H
#define EDGE_GATEWAY_H

#include <stdint.h>

#define EG_ABI_MAJOR 0u
#define EG_ABI_MINOR 2u

#if defined(_WIN32)
#define EG_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define EG_EXPORT __attribute__((visibility("default")))
#else
#define EG_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- statuses ----------------------------------------------------------- */

/* Answers of handler_entry and of eg_resume. Functions of the host return
 * EG_OK or an error.
 *
 * An error that a handler returns, or completes a request with, is for the
 * client
 *   503 with Retry-After: 1  EG_E_OVERLOADED, EG_E_UNAVAILABLE, EG_E_CLOSING
 *   504                      EG_E_DEADLINE
 *   500                      any other */
#define EG_OK 0      /* done; for an entry: the response is filled */
#define EG_AWAIT 1   /* the response holds operations; resume will be called */
#define EG_PENDING 2 /* eg_host.complete will be called */

#define EG_E_INTERNAL (-1)     /* a fault of the callee, a caught panic */
#define EG_E_INVALID (-2)      /* an argument breaks a rule of this header */
#define EG_E_UNSUPPORTED (-3)  /* no such service, operation or field */
#define EG_E_DENIED (-4)       /* the endpoint has no binding of that name */
#define EG_E_NO_MEMORY (-5)    /* the bound on a request's memory is reached */
#define EG_E_DEADLINE (-6)     /* the request's time is up */
#define EG_E_CANCELED (-7)     /* the request is of no use to anyone any more */
#define EG_E_CLOSING (-8)      /* the instance or the gateway is shutting down */
#define EG_E_STALE (-9)        /* the token names no request that is open */
#define EG_E_DONE (-10)        /* the request has been completed before */
#define EG_E_OVERLOADED (-11)  /* a queue is full; try later */
#define EG_E_NOT_FOUND (-12)   /* no value of that name */
#define EG_E_UNAVAILABLE (-13) /* the backend cannot be reached */
#define EG_E_TOO_LARGE (-14)   /* over a limit on size */
#define EG_E_TX_GONE (-15)     /* the transaction has ended, by rollback */
#define EG_E_UNKNOWN_OUTCOME (-16) /* it may have happened, or not */
#define EG_E_CONFLICT (-17)    /* what is there already forbids it */
#define EG_E_REFUSED (-18)     /* the backend understood, and said no */

/* ---- plain data --------------------------------------------------------- */

typedef struct eg_bytes {
  const uint8_t *ptr;
  uint64_t len;
} eg_bytes;

/* A header, a path parameter or a config value. */
typedef struct eg_field {
  eg_bytes name;
  eg_bytes value;
} eg_field;

/* Memory of one request, for whatever the answer needs. Take from next up to
 * end yourself, keeping 16-byte alignment; when it is too small, call
 * eg_host.arena_grow. Nothing taken ever moves. All of it is valid until the
 * request has been answered and its response released. One thread at a time. */
typedef struct eg_arena {
  uint32_t struct_size;
  uint32_t reserved;
  uint8_t *next;
  uint8_t *end;
} eg_arena;

/* ---- request ------------------------------------------------------------ */

#define EG_BODY_NONE 0u   /* no body; eg_request.body is absent */
#define EG_BODY_WHOLE 1u  /* all of it in eg_request.body, perhaps empty */
#define EG_BODY_STREAM 2u /* reserved */

/* Everything about one request. Read-only but for the arena. Valid, with all
 * that it points to, until the request has been answered: over every
 * suspension, and for EG_PENDING until eg_host.complete has returned. */
typedef struct eg_request {
  uint32_t struct_size;
  uint32_t body_kind;  /* EG_BODY_... */
  void *self;          /* what handler_init stored for this instance, or NULL */
  uint64_t token;      /* names this request to the host; never 0, never re-used */
  int64_t received;    /* Unix time in nanoseconds */
  int64_t deadline;    /* Unix time in nanoseconds; after it the answer is 504 */
  eg_bytes method;     /* as sent: "GET" */
  eg_bytes scheme;     /* "http" or "https" */
  eg_bytes host;       /* lower case, without port; absent if the client sent none */
  eg_bytes path;       /* normalised, still percent-encoded; what was routed */
  eg_bytes query;      /* as sent, without '?'; absent if there was no '?' */
  eg_bytes peer;       /* address and port of the client's end */
  eg_bytes request_id; /* unique per request; also in the logs */
  const eg_field *headers; /* as sent, in wire order, repeats kept */
  uint64_t header_count;
  const eg_field *params; /* path parameters in order of the path, percent-decoded */
  uint64_t param_count;
  eg_bytes body; /* any bytes */
  eg_arena *arena;
} eg_request;

/* ---- services ----------------------------------------------------------- */

/* One operation of a service. The list and all it points to lie in the arena,
 * in static memory or on the heap, never on the stack when it is returned with
 * EG_AWAIT. The host copies what outlives the call. */
typedef struct eg_op {
  const void *service; /* the table that eg_host.service gave */
  uint32_t code;       /* an operation of that table */
  int32_t status;      /* written by the host: EG_OK or an error */
  const void *args;    /* the operation's argument struct, or NULL */
  const void *result;  /* written by the host: the result struct; with an error
                          an eg_problem; or NULL. Valid until the request has
                          been answered */
} eg_op;

/* Why an operation failed: for the log and for decisions of the handler, not
 * for clients. No secret of the gateway's config is in it. */
typedef struct eg_problem {
  uint32_t struct_size;
  uint32_t position; /* of the part at fault in a list, from 0 */
  eg_bytes message;  /* a sentence */
  eg_bytes code;     /* the backend's own, such as the SQLSTATE "23505"; or absent */
  eg_bytes subject;  /* what it is about: a constraint, a host; or absent */
} eg_problem;

/* Every service table starts like this. The services that need a binding have
 * headers of their own: edge_gateway_sql.h, _cache.h, _storage.h, _email.h and
 * _http.h. Every operation may end with
 *   EG_E_INVALID      an argument breaks a rule
 *   EG_E_UNSUPPORTED  no such operation, or not with this driver
 *   EG_E_DEADLINE     not done in time; if it was sent, it may have happened
 *   EG_E_OVERLOADED   the service's queue is full; nothing was done
 *   EG_E_UNAVAILABLE  the backend cannot be reached, or was lost meanwhile
 *   EG_E_REFUSED      the backend said no, see eg_problem; to the gateway's
 *                     credentials too
 *   EG_E_TOO_LARGE    over a limit of the service's
 *   EG_E_CLOSING      the service is being taken away
 *   EG_E_INTERNAL     a fault of the gateway's
 * beside those that are named with it. */
typedef struct eg_service {
  uint32_t struct_size;
  uint32_t reserved;
} eg_service;

/* eg.timer/1: waiting. Needs no binding; look it up with name NULL. */
#define EG_TIMER "eg.timer/1"
#define EG_TIMER_SLEEP 1u /* args eg_timer_sleep, no result */

typedef struct eg_timer_sleep {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t duration; /* nanoseconds; 0 or less is over at once */
} eg_timer_sleep;

/* ---- response ----------------------------------------------------------- */

struct eg_host;
struct eg_response;

/* Continues a request that returned EG_AWAIT. [entry]
 * Called exactly once for each EG_AWAIT, always, and it is the only place
 * where the handler frees its state.
 * `reason` EG_OK: every operation has its status and result; answer in one of
 * the three ways, `response` is empty again.
 * `reason` EG_E_DEADLINE, EG_E_CANCELED or EG_E_CLOSING: the request is over;
 * operations without a result carry that status; free the state and return
 * EG_OK, nothing else is accepted and the response is dropped.
 * Returns EG_OK, EG_AWAIT, EG_PENDING or an error. */
typedef int32_t (*eg_resume)(const struct eg_host *host, const eg_request *request,
                             struct eg_response *response, void *state, int32_t reason);

/* The answer. All zero but for struct_size when the handler gets it. What it
 * points to may be static, in the arena, or anywhere else until `release`.
 *
 * Rules for an answer: status 200 to 599; header names are tokens; header
 * values have no CR, LF or NUL. Framing and connection headers (Content-Length,
 * Transfer-Encoding, Connection, Keep-Alive, Trailer, Upgrade, Date) are the
 * host's: from a handler they are dropped. An answer that breaks the rules is
 * a 502 for the client and a line in the log. */
typedef struct eg_response {
  uint32_t struct_size;
  int32_t status;
  const eg_field *headers; /* repeats kept; those of one name in this order */
  uint64_t header_count;
  eg_bytes body;
  eg_bytes message; /* with an error: text for the log, never for the client */
  void (*release)(void *context); /* or NULL; called once, after the host copied,
                                     whatever it made of the answer; ignored
                                     with EG_AWAIT and by eg_host.complete */
  void *release_context;
  /* with EG_AWAIT only */
  eg_op *ops;
  uint64_t op_count; /* 1 to 256 */
  eg_resume resume;
  void *state;
} eg_response;

/* ---- host --------------------------------------------------------------- */

#define EG_LOG_DEBUG 0
#define EG_LOG_INFO 1
#define EG_LOG_WARN 2
#define EG_LOG_ERROR 3

/* What the gateway offers. One table per instance: its address says who calls.
 * Use it through the pointer, never copy it. Valid for ever; after
 * handler_shutdown has returned every function answers EG_E_CLOSING.
 * `token` is a request's, or the instance's own for background work. */
typedef struct eg_host {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;
  uint64_t token; /* of this instance */

  /* Finds a service table. The table is valid as long as the instance.
   * `id` is NUL-terminated; `name` is the binding's local name, or NULL for a
   * service that needs none. [any-thread]
   * EG_OK, EG_E_INVALID, EG_E_UNSUPPORTED (no such id), EG_E_DENIED (no such
   * binding), EG_E_CLOSING. */
  int32_t (*service)(const struct eg_host *host, const char *id, const eg_bytes *name,
                     const void **table);

  /* Runs operations side by side and returns when each has its status. The
   * list may be on the stack. Results are valid until the request has been
   * answered; with the instance's token until release_results.
   * [any-thread, may-block] for handlers that do not return EG_AWAIT.
   * EG_OK (then look at each status), EG_E_INVALID, EG_E_STALE, EG_E_CLOSING. */
  int32_t (*call)(const struct eg_host *host, uint64_t token, eg_op *ops, uint64_t count);

  /* Answers a request that returned EG_PENDING, or is about to. `status` is
   * EG_OK with a filled response or an error with an optional message. Copies
   * before it returns and never calls release; whatever it returns, the memory
   * is the caller's again. Exactly once per request. [any-thread]
   * EG_OK: taken; before the handler has returned EG_PENDING too (an answer
   * given early is dropped if it then returns anything else).
   * EG_E_DONE: completed before. EG_E_DEADLINE: too late, 504 was sent.
   * EG_E_STALE: no open request. EG_E_INVALID: response NULL or not readable;
   * the client got 502. (What the response says is checked later: an answer
   * that breaks the rules is 502 too.) EG_E_TOO_LARGE: over the limit; the client got 502.
   * EG_E_CLOSING. */
  int32_t (*complete)(const struct eg_host *host, uint64_t token, int32_t status,
                      const eg_response *response);

  /* Points arena->next and ->end at a new block with at least `size` bytes.
   * What was taken before stays where it is until the request ends.
   * [any-thread] that owns the arena. EG_OK, EG_E_INVALID, EG_E_NO_MEMORY,
   * EG_E_STALE, EG_E_CLOSING. */
  int32_t (*arena_grow)(const struct eg_host *host, uint64_t token, uint64_t size);

  /* Gives the results of operations back, and the memory of large ones, before
   * the request ends; or at all when they were made with the instance's token.
   * Sets each eg_op.result to NULL. [any-thread]
   * EG_OK, EG_E_INVALID, EG_E_STALE, EG_E_CLOSING. */
  int32_t (*release_results)(const struct eg_host *host, uint64_t token, eg_op *ops,
                             uint64_t count);

  /* Writes a line to the gateway's log, with endpoint, version and request id.
   * Copied before it returns; over 8 KiB is cut. [any-thread]
   * EG_OK, EG_E_INVALID, EG_E_CLOSING. */
  int32_t (*log)(const struct eg_host *host, uint64_t token, int32_t level,
                 const eg_bytes *message);

  /* Stores the Unix time in nanoseconds, by the clock of `deadline`.
   * [any-thread] EG_OK, EG_E_INVALID, EG_E_CLOSING. */
  int32_t (*now)(const struct eg_host *host, int64_t *nanoseconds);

  /* Finds a config value of the endpoint. The value is valid as long as the
   * instance. [any-thread]
   * EG_OK, EG_E_INVALID, EG_E_NOT_FOUND, EG_E_CLOSING. */
  int32_t (*config)(const struct eg_host *host, const eg_bytes *name, eg_bytes *value);

  /* Tells whether work on a request is still wanted. [any-thread]
   * EG_OK, EG_E_DEADLINE, EG_E_CANCELED, EG_E_STALE, EG_E_CLOSING. */
  int32_t (*canceled)(const struct eg_host *host, uint64_t token);
} eg_host;

/* ---- exports of a handler library --------------------------------------- */

#define EG_INFO_UNLOADABLE 1u /* the author vouches that no thread, no
                                 thread-local destructor and no atexit function
                                 is left after handler_shutdown */

/* What the library says of itself. Static: valid and constant while it is
 * loaded. */
typedef struct eg_info {
  uint32_t struct_size;
  uint32_t abi_major; /* EG_ABI_MAJOR */
  uint32_t abi_minor; /* EG_ABI_MINOR */
  uint32_t flags;     /* EG_INFO_... */
  uint32_t pointer_size; /* sizeof(void *) */
  uint32_t reserved;
  eg_bytes name;     /* of the handler */
  eg_bytes version;  /* of the handler, free text */
  eg_bytes sdk;      /* "edge-gateway-sdk-c 0.1" */
  eg_bytes language; /* "c", "rust", "go" */
} eg_info;

#define EG_INIT_TRIAL 1u /* a trial load: no traffic follows, have no effect
                            outside this process */

/* What an instance is for. Valid, with all that it points to, until
 * handler_shutdown has returned. */
typedef struct eg_init {
  uint32_t struct_size;
  uint32_t flags; /* EG_INIT_... */
  eg_bytes endpoint; /* its name */
  const eg_field *config;
  uint64_t config_count;
} eg_init;

/* Required. Describes the library. Called first, once per load. [init]
 * The result is static. */
EG_EXPORT const eg_info *handler_info(void);

/* Required. Answers one request. [entry]
 * `request` and `response` belong to the host; see their types for how long.
 * EG_OK, EG_AWAIT, EG_PENDING, or an error. */
EG_EXPORT int32_t handler_entry(const eg_host *host, const eg_request *request,
                                eg_response *response);

/* Optional. Starts an instance, before its first request. [init]
 * `*self` comes back as eg_request.self. EG_OK, or an error: the instance is
 * refused, the text last logged as an error is the reason given. */
EG_EXPORT int32_t handler_init(const eg_host *host, const eg_init *init, void **self);

/* Optional. Ends an instance: after its last request was answered, every token
 * is closed. Stop and join your threads here. [init] */
EG_EXPORT void handler_shutdown(const eg_host *host, void *self);

/* Optional. Advice that nobody waits for a request any more (deadline). The
 * request still has to be answered. [any-thread] */
EG_EXPORT void handler_cancel(const eg_host *host, void *self, uint64_t token);

/* Optional. Does nothing and is never called: its name in the export table
 * lets the host refuse another ABI version before it loads the library. */
EG_EXPORT void handler_abi_0_2(void);

#ifdef __cplusplus
}
#endif

#endif
