/*
 * edge_gateway_sdk.h: comfort for handlers in C (C11 and up) and C++ (17 and
 * up) on top of edge_gateway.h. Header only; nothing to link.
 *
 *   static int32_t hello(const eg_host *host, const eg_request *request,
 *                        eg_response *response) {
 *     return eg_answer(host, request, response, 200, "text/plain", eg_text("Hello!"));
 *   }
 *   EG_HANDLER("hello", "1.0");
 *   EG_ENTRY(hello);
 *
 * Memory. What a helper makes lies in the request's arena: valid until the
 * request has been answered, nothing to free, one thread at a time. Only a
 * full arena costs a call to the host.
 *
 * Failure. A helper that could not get memory returns bytes with no pointer
 * and a length (eg_failed). Helpers pass such bytes on and eg_answer turns them
 * into EG_E_NO_MEMORY, so that one check at the end is enough.
 *
 * `request` may be NULL where the text says so; the call is then made with the
 * instance's own token, for work that belongs to no request.
 */
#ifndef EDGE_GATEWAY_SDK_H
#define EDGE_GATEWAY_SDK_H

#include "edge_gateway.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#if defined(__cplusplus)
#include <exception>
#endif

#define EG_SDK_NAME "edge-gateway-sdk-c 0.1"

#if defined(__GNUC__)
#define EG_PRINTF(format, first) __attribute__((__format__(__printf__, format, first)))
#else
#define EG_PRINTF(format, first)
#endif

/* ---- bytes -------------------------------------------------------------- */

/* `len` bytes at `ptr`, which stay where they are. */
static inline eg_bytes eg_view(const void *ptr, uint64_t len) {
  eg_bytes bytes;
  bytes.ptr = (const uint8_t *)ptr;
  bytes.len = len;
  return bytes;
}

/* A NUL-terminated text, without its NUL. NULL is absent. */
static inline eg_bytes eg_text(const char *text) {
  return eg_view(text, text == NULL ? 0 : strlen(text));
}

/* Absent: not even empty. True for failed bytes too. */
static inline bool eg_absent(eg_bytes bytes) { return bytes.ptr == NULL; }

/* The mark of a helper that got no memory. */
static inline bool eg_failed(eg_bytes bytes) { return bytes.ptr == NULL && bytes.len > 0; }

static inline bool eg_equal(eg_bytes a, eg_bytes b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, (size_t)a.len) == 0);
}

static inline uint8_t eg_lower(uint8_t byte) {
  return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

/* Equal but for the case of ASCII letters, as header names are compared. */
static inline bool eg_equal_fold(eg_bytes a, eg_bytes b) {
  if (a.len != b.len) return false;
  for (uint64_t i = 0; i < a.len; i++)
    if (eg_lower(a.ptr[i]) != eg_lower(b.ptr[i])) return false;
  return true;
}

/* Reads a decimal number: digits alone, at least one, at most `max`.
 * EG_OK, or EG_E_INVALID and *value is as it was. */
static inline int32_t eg_parse_uint(eg_bytes text, uint64_t max, uint64_t *value) {
  uint64_t sum = 0;
  if (text.ptr == NULL || text.len == 0) return EG_E_INVALID;
  for (uint64_t i = 0; i < text.len; i++) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9') return EG_E_INVALID;
    uint64_t digit = (uint64_t)(text.ptr[i] - '0');
    if (digit > max || sum > (max - digit) / 10) return EG_E_INVALID;
    sum = sum * 10 + digit;
  }
  *value = sum;
  return EG_OK;
}

/* Whether all of it is UTF-8, as the text of a service has to be. True for
 * absent bytes. */
static inline bool eg_is_utf8(eg_bytes text) {
  if (eg_absent(text)) return !eg_failed(text);
  for (uint64_t i = 0; i < text.len;) {
    uint8_t first = text.ptr[i++];
    if (first < 0x80) continue;
    unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || more > text.len - i) return false;
    uint8_t second = text.ptr[i];
    /* Not shorter than it could be, no surrogate, not beyond U+10FFFF. */
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
      return false;
    for (; more > 0; more--, i++)
      if ((text.ptr[i] & 0xc0) != 0x80) return false;
  }
  return true;
}

/* ---- memory of the request ---------------------------------------------- */

/* Takes from the arena's present block, or NULL when it is too small. */
static inline void *eg_arena_take(eg_arena *arena, uint64_t size) {
  uintptr_t next = (uintptr_t)arena->next, end = (uintptr_t)arena->end;
  if (next == 0 || next > UINTPTR_MAX - 15) return NULL;
  uintptr_t start = (next + 15) & ~(uintptr_t)15;
  if (start > end || size > end - start) return NULL;
  uintptr_t after = start + (uintptr_t)size;
  /* The next block starts aligned, unless the last bytes are gone anyway. */
  uintptr_t pad = (16 - (after & 15)) & 15;
  arena->next = arena->next + (after - next) + (pad <= end - after ? pad : end - after);
  return (void *)start;
}

/* `size` bytes of the request's memory, aligned to 16, not cleared; at least
 * one byte is taken, so that every result is its own. NULL: the bound on the
 * request's memory is reached. */
static inline void *eg_alloc(const eg_host *host, const eg_request *request, uint64_t size) {
  if (size == 0) size = 1;
  void *memory = eg_arena_take(request->arena, size);
  if (memory != NULL) return memory;
  /* A new block may start anywhere. */
  if (size > UINT64_MAX - 15) return NULL;
  if (host->arena_grow(host, request->token, size + 15) != EG_OK) return NULL;
  return eg_arena_take(request->arena, size);
}

/* The parts one after the other, in the arena, with a NUL behind that len does
 * not count. Absent parts count as empty. Failed bytes when there is no memory
 * or a part has failed. */
static inline eg_bytes eg_concat(const eg_host *host, const eg_request *request,
                                 const eg_bytes *parts, uint64_t count) {
  uint64_t len = 0;
  for (uint64_t i = 0; i < count; i++) {
    if (eg_failed(parts[i]) || parts[i].len >= UINT64_MAX - len) return eg_view(NULL, 1);
    len += parts[i].len;
  }
  uint8_t *memory = (uint8_t *)eg_alloc(host, request, len + 1);
  if (memory == NULL) return eg_view(NULL, 1);
  uint8_t *at = memory;
  for (uint64_t i = 0; i < count; i++) {
    if (parts[i].len == 0) continue;
    memcpy(at, parts[i].ptr, (size_t)parts[i].len);
    at += parts[i].len;
  }
  *at = 0;
  return eg_view(memory, len);
}

/* A copy in the arena, with a NUL behind that len does not count. Absent stays
 * absent. Failed bytes when there is no memory. */
static inline eg_bytes eg_copy(const eg_host *host, const eg_request *request, eg_bytes bytes) {
  return eg_absent(bytes) ? bytes : eg_concat(host, request, &bytes, 1);
}

/* printf into the arena. For bytes of others prefer eg_concat: %s ends at the
 * first NUL. Failed bytes when there is no memory or the format is wrong. */
EG_PRINTF(3, 0)
static inline eg_bytes eg_vformat(const eg_host *host, const eg_request *request,
                                  const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int len = vsnprintf(NULL, 0, format, again);
  va_end(again);
  if (len < 0) return eg_view(NULL, 1);
  char *memory = (char *)eg_alloc(host, request, (uint64_t)len + 1);
  if (memory == NULL) return eg_view(NULL, 1);
  vsnprintf(memory, (size_t)len + 1, format, arguments);
  return eg_view(memory, (uint64_t)len);
}

EG_PRINTF(3, 4)
static inline eg_bytes eg_format(const eg_host *host, const eg_request *request,
                                 const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  eg_bytes text = eg_vformat(host, request, format, arguments);
  va_end(arguments);
  return text;
}

/* ---- request ------------------------------------------------------------ */

/* The first header of that name, in any case of letters; absent if none. */
static inline eg_bytes eg_header(const eg_request *request, const char *name) {
  eg_bytes wanted = eg_text(name);
  for (uint64_t i = 0; i < request->header_count; i++)
    if (eg_equal_fold(request->headers[i].name, wanted)) return request->headers[i].value;
  return eg_view(NULL, 0);
}

/* The path parameter of that name, decoded; absent if none. */
static inline eg_bytes eg_param(const eg_request *request, const char *name) {
  eg_bytes wanted = eg_text(name);
  for (uint64_t i = 0; i < request->param_count; i++)
    if (eg_equal(request->params[i].name, wanted)) return request->params[i].value;
  return eg_view(NULL, 0);
}

static inline int eg_hex_digit(uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  byte = eg_lower(byte);
  return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Decodes the byte at the front of a query's name or value, which is not
 * empty, and moves past it. A '%' without two hex digits stands for itself. */
static inline uint8_t eg_query_byte(eg_bytes *text) {
  uint8_t byte = text->ptr[0];
  uint64_t used = 1;
  if (byte == '+') byte = ' ';
  if (byte == '%' && text->len >= 3) {
    int high = eg_hex_digit(text->ptr[1]), low = eg_hex_digit(text->ptr[2]);
    if (high >= 0 && low >= 0) {
      byte = (uint8_t)(high << 4 | low);
      used = 3;
    }
  }
  text->ptr += used;
  text->len -= used;
  return byte;
}

/* The first value of that name in `pairs`, which is "name=value&...", with %XX
 * and '+' decoded. Empty for `name` and `name=`, absent if there is none,
 * failed without memory. */
static inline eg_bytes eg_pair_param(const eg_host *host, const eg_request *request,
                                     eg_bytes pairs, const char *name) {
  eg_bytes wanted = eg_text(name), rest = pairs;
  while (rest.len > 0) {
    const void *mark = memchr(rest.ptr, '&', (size_t)rest.len);
    uint64_t len = mark == NULL ? rest.len : (uint64_t)((const uint8_t *)mark - rest.ptr);
    eg_bytes key = eg_view(rest.ptr, len), value = eg_view(rest.ptr + len, 0);
    uint64_t step = mark == NULL ? len : len + 1;
    rest = eg_view(rest.ptr + step, rest.len - step);
    if (len == 0) continue;
    mark = memchr(key.ptr, '=', (size_t)len);
    if (mark != NULL) {
      key.len = (uint64_t)((const uint8_t *)mark - key.ptr);
      value = eg_view((const uint8_t *)mark + 1, len - key.len - 1);
    }
    uint64_t same = 0;
    while (key.len > 0 && same < wanted.len && eg_query_byte(&key) == wanted.ptr[same]) same++;
    if (key.len > 0 || same < wanted.len) continue;

    uint8_t *memory = (uint8_t *)eg_alloc(host, request, value.len + 1);
    if (memory == NULL) return eg_view(NULL, 1);
    uint64_t decoded = 0;
    while (value.len > 0) memory[decoded++] = eg_query_byte(&value);
    memory[decoded] = 0;
    return eg_view(memory, decoded);
  }
  return eg_view(NULL, 0);
}

/* The first query parameter of that name, as eg_pair_param. */
static inline eg_bytes eg_query_param(const eg_host *host, const eg_request *request,
                                      const char *name) {
  return eg_pair_param(host, request, request->query, name);
}

/* The first field of that name in a form, a body of the type
 * application/x-www-form-urlencoded, as eg_pair_param. */
static inline eg_bytes eg_form_param(const eg_host *host, const eg_request *request,
                                     const char *name) {
  return eg_pair_param(host, request, request->body, name);
}

/* ---- answer ------------------------------------------------------------- */

/* Adds a header behind those that the response has. `name` and `value` are
 * not copied: static, in the arena, or alive until the response's release.
 * EG_OK, or EG_E_NO_MEMORY (also for failed bytes) and nothing was added. */
static inline int32_t eg_add_header(const eg_host *host, const eg_request *request,
                                    eg_response *response, const char *name, eg_bytes value) {
  const uint64_t have = response->header_count;
  eg_field *fields;
  if (eg_failed(value)) return EG_E_NO_MEMORY;
  if (have > 0 && (const uint8_t *)(response->headers + have) == request->arena->next &&
      (uint64_t)(request->arena->end - request->arena->next) >= sizeof(eg_field)) {
    /* The list is the last thing in the arena: it grows where it is. */
    fields = (eg_field *)response->headers;
    request->arena->next += sizeof(eg_field);
  } else {
    fields = (eg_field *)eg_alloc(host, request, (have + 1) * sizeof(eg_field));
    if (fields == NULL) return EG_E_NO_MEMORY;
    if (have > 0) memcpy(fields, response->headers, (size_t)(have * sizeof(eg_field)));
  }
  fields[have].name = eg_text(name);
  fields[have].value = value;
  response->headers = fields;
  response->header_count = have + 1;
  return EG_OK;
}

/* Fills the response; what it points to is not copied. `content_type` NULL
 * adds no header. To be returned from the entry: EG_OK, or EG_E_NO_MEMORY
 * (also for failed bytes). */
static inline int32_t eg_answer(const eg_host *host, const eg_request *request,
                                eg_response *response, int32_t status,
                                const char *content_type, eg_bytes body) {
  if (eg_failed(body)) return EG_E_NO_MEMORY;
  response->status = status;
  response->body = body;
  if (content_type == NULL) return EG_OK;
  return eg_add_header(host, request, response, "content-type", eg_text(content_type));
}

/* Fails the request: 500 for the client, `message` for the log alone. To be
 * returned from the entry. The message is not copied. */
static inline int32_t eg_fail(eg_response *response, eg_bytes message) {
  response->message = eg_failed(message) ? eg_text("out of memory") : message;
  return EG_E_INTERNAL;
}

/* ---- host --------------------------------------------------------------- */

static inline uint64_t eg_token(const eg_host *host, const eg_request *request) {
  return request == NULL ? host->token : request->token;
}

/* Writes a line to the gateway's log; over 8 KiB is cut. `request` may be NULL.
 * [any-thread] As eg_host.log; EG_E_INVALID for a wrong format. */
EG_PRINTF(4, 5)
static inline int32_t eg_log(const eg_host *host, const eg_request *request, int32_t level,
                             const char *format, ...) {
  char line[8192 + 1];
  va_list arguments;
  va_start(arguments, format);
  int len = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (len < 0) return EG_E_INVALID;
  eg_bytes message = eg_view(line, (size_t)len < sizeof line ? (uint64_t)len : sizeof line - 1);
  return host->log(host, eg_token(host, request), level, &message);
}

/* The endpoint's config value of that name, valid as long as the instance;
 * absent if there is none. [any-thread] */
static inline eg_bytes eg_config(const eg_host *host, const char *name) {
  eg_bytes key = eg_text(name), value = eg_view(NULL, 0);
  return host->config(host, &key, &value) == EG_OK ? value : eg_view(NULL, 0);
}

/* A service table by id and local name (NULL where none is needed), valid as
 * long as the instance; NULL if there is none. [any-thread] To learn why,
 * call host->service. */
static inline const void *eg_find_service(const eg_host *host, const char *id, const char *name) {
  eg_bytes key = eg_text(name);
  const void *table = NULL;
  int32_t status = host->service(host, id, name == NULL ? NULL : &key, &table);
  return status == EG_OK ? table : NULL;
}

/* ---- operations of services --------------------------------------------- */

/* The headers edge_gateway_sdk_sql.h, _cache.h, _storage.h, _email.h and _http.h
 * make operations and read their results. An operation is made by a function
 * that ends in _op, run by eg_run on the calling thread or by eg_await without
 * one, several side by side, and then has its status and its result.
 *
 * The arguments of an operation lie in the arena. Lists are copied there; the
 * bytes that they point to are not: static, in the arena, or alive until eg_run
 * has returned, respectively until the resume. Results are valid until the
 * request has been answered.
 *
 * An operation that could not be made has no table and an error as its status:
 * EG_E_DENIED without a service, EG_E_NO_MEMORY. eg_run and eg_await return that
 * and run nothing, so that here too one check at the end is enough. */

static inline eg_op eg_make_op(const void *service, uint32_t code, const void *args) {
  eg_op op;
  op.service = service;
  op.code = code;
  op.status = service == NULL ? EG_E_DENIED : EG_OK;
  op.args = args;
  op.result = NULL;
  return op;
}

/* An operation that could not be made. */
static inline eg_op eg_failed_op(int32_t status) {
  eg_op op = eg_make_op(NULL, 0, NULL);
  op.status = status;
  return op;
}

/* An operation with a copy of `args`, which are `size` bytes, in the arena. */
static inline eg_op eg_make_op_with(const eg_host *host, const eg_request *request,
                                    const void *service, uint32_t code, const void *args,
                                    uint64_t size) {
  void *memory = eg_alloc(host, request, size);
  if (memory == NULL) return eg_failed_op(EG_E_NO_MEMORY);
  memcpy(memory, args, (size_t)size);
  return eg_make_op(service, code, memory);
}

/* A copy of a list in the arena; NULL also for an empty one. False without
 * memory. */
static inline bool eg_copy_list(const eg_host *host, const eg_request *request, const void *list,
                                uint64_t count, uint64_t size, void **copy) {
  *copy = NULL;
  if (count == 0) return true;
  if (count > UINT64_MAX / size) return false;
  *copy = eg_alloc(host, request, count * size);
  if (*copy == NULL) return false;
  memcpy(*copy, list, (size_t)(count * size));
  return true;
}

/* The status of the first operation that failed, or EG_OK. */
static inline int32_t eg_first_error(const eg_op *ops, uint64_t count) {
  for (uint64_t i = 0; i < count; i++)
    if (ops[i].status != EG_OK) return ops[i].status;
  return EG_OK;
}

/* EG_OK if each operation could be made, else why the first could not. */
static inline int32_t eg_all_made(const eg_op *ops, uint64_t count) {
  for (uint64_t i = 0; i < count; i++)
    if (ops[i].service == NULL) return ops[i].status == EG_OK ? EG_E_INVALID : ops[i].status;
  return EG_OK;
}

/* Runs operations side by side and returns when all are done; the calling
 * thread is held meanwhile: for simple code; eg_await scales. `ops` may be on
 * the stack. `request` may be NULL; give the results back with
 * eg_host.release_results then. [any-thread, may-block]
 * EG_OK: all succeeded. Else the status of the first that did not; errors of
 * eg_host.call. */
static inline int32_t eg_run(const eg_host *host, const eg_request *request, eg_op *ops,
                             uint64_t count) {
  int32_t status = eg_all_made(ops, count);
  if (status == EG_OK) status = host->call(host, eg_token(host, request), ops, count);
  return status == EG_OK ? eg_first_error(ops, count) : status;
}

/* Suspends the request until all operations are done, holding no thread: to be
 * returned from the entry or a resume. `ops` lie in the arena, in static memory
 * or on the heap, never on the stack: best in the state, where the resume finds
 * their results. `resume` is called exactly once, and frees `state`.
 * EG_AWAIT; or the error of an operation that could not be made, and then
 * `resume` is not called and `state` is still the caller's. */
static inline int32_t eg_await(eg_response *response, eg_op *ops, uint64_t count,
                               eg_resume resume, void *state) {
  int32_t status = eg_all_made(ops, count);
  if (status != EG_OK) return status;
  response->ops = ops;
  response->op_count = count;
  response->resume = resume;
  response->state = state;
  return EG_AWAIT;
}

/* Why an operation failed; NULL if it did not, or the service did not say. */
static inline const eg_problem *eg_problem_of(const eg_op *op) {
  return op->service == NULL || op->status == EG_OK ? NULL : (const eg_problem *)op->result;
}

/* The result of an operation that succeeded, else NULL. */
static inline const void *eg_result_of(const eg_op *op) {
  return op->service != NULL && op->status == EG_OK ? op->result : NULL;
}

/* Fails the request with what eg_run or eg_first_error returned, which is not
 * EG_OK: an error for the client as edge_gateway.h says, such as 503 for
 * EG_E_UNAVAILABLE, the service's own words for the log. To be
 * returned from the entry or a resume. */
static inline int32_t eg_fail_ops(eg_response *response, int32_t status, const eg_op *ops,
                                  uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    const eg_problem *problem = eg_problem_of(&ops[i]);
    if (status == EG_E_DENIED && ops[i].status == status && ops[i].service == NULL) {
      response->message = eg_text("an operation has no service: the endpoint is bound to none "
                                  "of the name that was asked for");
      break;
    }
    if (ops[i].status != status || problem == NULL) continue;
    response->message = problem->message;
    break;
  }
  return status;
}

/* ---- waiting ------------------------------------------------------------ */

/* Fills `operation` and `arguments` with a sleep. Errors of eg_host.service. */
static inline int32_t eg_sleep_op(const eg_host *host, int64_t nanoseconds, eg_op *operation,
                                  eg_timer_sleep *arguments) {
  memset(operation, 0, sizeof *operation);
  memset(arguments, 0, sizeof *arguments);
  arguments->struct_size = (uint32_t)sizeof *arguments;
  arguments->duration = nanoseconds;
  operation->code = EG_TIMER_SLEEP;
  operation->args = arguments;
  return host->service(host, EG_TIMER, NULL, &operation->service);
}

/* Sleeps on the calling thread, which the host can use for nothing else
 * meanwhile: for simple code; eg_await_sleep scales. `request` may be NULL.
 * [any-thread, may-block] EG_OK when the time is over; EG_E_DEADLINE,
 * EG_E_CANCELED or EG_E_CLOSING when it was cut short; errors of
 * eg_host.service and eg_host.call. */
static inline int32_t eg_sleep(const eg_host *host, const eg_request *request,
                               int64_t nanoseconds) {
  eg_op operation;
  eg_timer_sleep arguments;
  int32_t status = eg_sleep_op(host, nanoseconds, &operation, &arguments);
  if (status != EG_OK) return status;
  status = host->call(host, eg_token(host, request), &operation, 1);
  if (status == EG_OK) status = operation.status;
  host->release_results(host, eg_token(host, request), &operation, 1);
  return status;
}

/* Suspends the request for a time, holding no thread: to be returned from the
 * entry or a resume. EG_AWAIT; or EG_E_NO_MEMORY or an error of
 * eg_host.service, and then `resume` is not called and `state` is still the
 * caller's. A state from eg_alloc needs no freeing in either case. */
static inline int32_t eg_await_sleep(const eg_host *host, const eg_request *request,
                                     eg_response *response, int64_t nanoseconds,
                                     eg_resume resume, void *state) {
  eg_op *operation = (eg_op *)eg_alloc(host, request, sizeof(eg_op));
  eg_timer_sleep *arguments = (eg_timer_sleep *)eg_alloc(host, request, sizeof(eg_timer_sleep));
  if (operation == NULL || arguments == NULL) return EG_E_NO_MEMORY;
  int32_t status = eg_sleep_op(host, nanoseconds, operation, arguments);
  return status == EG_OK ? eg_await(response, operation, 1, resume, state) : status;
}

/* ---- answering later ---------------------------------------------------- */

/* Completes a request that returned EG_PENDING. `content_type` may be NULL;
 * everything is copied before it returns. [any-thread] As eg_host.complete. */
static inline int32_t eg_complete(const eg_host *host, uint64_t token, int32_t status,
                                  const char *content_type, eg_bytes body) {
  eg_response response;
  eg_field type;
  memset(&response, 0, sizeof response);
  response.struct_size = (uint32_t)sizeof response;
  response.status = status;
  response.body = body;
  if (content_type != NULL) {
    type.name = eg_text("content-type");
    type.value = eg_text(content_type);
    response.headers = &type;
    response.header_count = 1;
  }
  return host->complete(host, token, EG_OK, &response);
}

/* The same with a text in UTF-8. */
static inline int32_t eg_complete_text(const eg_host *host, uint64_t token, int32_t status,
                                       eg_bytes text) {
  return eg_complete(host, token, status, "text/plain; charset=utf-8", text);
}

/* Fails a request that returned EG_PENDING: `error` is an EG_E_..., `message`
 * is for the log alone. [any-thread] As eg_host.complete. */
static inline int32_t eg_complete_fail(const eg_host *host, uint64_t token, int32_t error,
                                       eg_bytes message) {
  eg_response response;
  memset(&response, 0, sizeof response);
  response.struct_size = (uint32_t)sizeof response;
  response.message = message;
  return host->complete(host, token, error, &response);
}

/* ---- exports ------------------------------------------------------------ */

/* A fault in C++ must not cross into the host. In C there is nothing to catch. */
#if defined(__cplusplus) && defined(__cpp_exceptions)
#define EG_GUARD(call, fault)                    \
  try {                                          \
    call;                                        \
  } catch (const std::exception &eg_exception) { \
    fault(eg_exception.what());                  \
  } catch (...) {                                \
    fault("an exception of unknown type");       \
  }
#else
#define EG_GUARD(call, fault) call;
#endif

static inline int32_t eg_fault(const eg_host *host, const eg_request *request,
                               eg_response *response, const char *what) {
  /* The response may have a release from before the throw; the host calls it. */
  return eg_fail(response, eg_copy(host, request, eg_text(what)));
}

#if defined(__cplusplus)
#define EG_LANGUAGE "c++"
#else
#define EG_LANGUAGE "c"
#endif

/* For static initialisers; `literal` is a string literal. */
#define EG_LITERAL(literal) {(const uint8_t *)("" literal), sizeof("" literal) - 1}

#define EG_HANDLER_FLAGS(name, version, flags)                                         \
  EG_EXPORT const eg_info *handler_info(void) {                                        \
    static const eg_info info = {                                                      \
        (uint32_t)sizeof(eg_info), EG_ABI_MAJOR, EG_ABI_MINOR, (flags),                \
        (uint32_t)sizeof(void *),  0,            EG_LITERAL(name), EG_LITERAL(version), \
        EG_LITERAL(EG_SDK_NAME),   EG_LITERAL(EG_LANGUAGE)};                           \
    return &info;                                                                      \
  }                                                                                    \
  EG_EXPORT void handler_abi_0_2(void) {}                                              \
  struct eg_handler_needs_a_semicolon

/* Once per library: its name and version, both string literals. */
#define EG_HANDLER(name, version) EG_HANDLER_FLAGS(name, version, 0u)

/* The same, and the author vouches that after handler_shutdown no thread, no
 * thread-local destructor and no atexit function of this library is left, so
 * that the host may unload it. */
#define EG_HANDLER_UNLOADABLE(name, version) EG_HANDLER_FLAGS(name, version, EG_INFO_UNLOADABLE)

/* Once per library: exports handler_entry, which calls
 * `int32_t function(const eg_host *, const eg_request *, eg_response *)`. */
#define EG_ENTRY(function)                                                              \
  EG_EXPORT int32_t handler_entry(const eg_host *host, const eg_request *request,       \
                                  eg_response *response) {                              \
    EG_GUARD(return function(host, request, response), EG_FAULT)                        \
  }                                                                                     \
  struct eg_handler_needs_a_semicolon
#define EG_FAULT(what) return eg_fault(host, request, response, what)

/* Defines the eg_resume `name`, which calls `function` of the same type. Plain
 * functions serve as well when they cannot throw. */
#define EG_RESUME(name, function)                                                        \
  static int32_t name(const eg_host *host, const eg_request *request,                    \
                      eg_response *response, void *state, int32_t reason) {              \
    EG_GUARD(return function(host, request, response, state, reason), EG_FAULT)          \
  }                                                                                      \
  struct eg_handler_needs_a_semicolon

/* Exports handler_init, which calls
 * `int32_t function(const eg_host *, const eg_init *, void **self)`. */
#define EG_INIT(function)                                                               \
  EG_EXPORT int32_t handler_init(const eg_host *host, const eg_init *eg_start, void **self) { \
    EG_GUARD(return function(host, eg_start, self), EG_INIT_FAULT)                      \
  }                                                                                     \
  struct eg_handler_needs_a_semicolon
#define EG_INIT_FAULT(what)                             \
  eg_log(host, NULL, EG_LOG_ERROR, "%s", what);         \
  return EG_E_INTERNAL

/* Exports handler_shutdown, which calls `void function(const eg_host *, void *self)`. */
#define EG_SHUTDOWN(function)                                         \
  EG_EXPORT void handler_shutdown(const eg_host *host, void *self) {  \
    EG_GUARD(function(host, self), EG_LOG_FAULT)                      \
  }                                                                   \
  struct eg_handler_needs_a_semicolon
#define EG_LOG_FAULT(what) eg_log(host, NULL, EG_LOG_ERROR, "%s", what)

/* Exports handler_cancel, which calls
 * `void function(const eg_host *, void *self, uint64_t token)`. */
#define EG_CANCEL(function)                                                          \
  EG_EXPORT void handler_cancel(const eg_host *host, void *self, uint64_t token) {   \
    EG_GUARD(function(host, self, token), EG_LOG_FAULT)                              \
  }                                                                                  \
  struct eg_handler_needs_a_semicolon

#endif
