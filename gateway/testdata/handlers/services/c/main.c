// Uses every operation of every service, as a handler in C. The handlers in the
// folders beside it do the same in other languages; what a scenario answers is
// the same in all of them, to the letter.
//
// GET /{how}/{scenario}: with "blocking" each list of operations holds the
// thread, with anything else it is awaited.
#include "run.h"

void ask(run *r, const eg_op *ops, uint64_t count) {
  memcpy(r->ops, ops, count * sizeof *ops);
  r->count = count;
}

void say(run *r, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  eg_bytes parts[] = {r->facts, eg_vformat(r->host, r->request, format, arguments), eg_text("\n")};
  va_end(arguments);
  r->facts = eg_concat(r->host, r->request, parts, 3);
}

void outcome(run *r, const char *label, const eg_op *op) {
  const eg_problem *problem = eg_problem_of(op);
  eg_bytes code = problem == NULL ? eg_text(NULL) : problem->code;
  if (op->status == EG_OK)
    say(r, "%s: ok", label);
  else
    say(r, "%s: error %d%s%.*s", label, op->status, code.len > 0 ? " " : "", TEXT(code));
}

void whether(run *r, const char *label, int32_t no, int32_t also_no) {
  int32_t status = r->ops[0].status;
  if (status == EG_OK)
    say(r, "%s: yes", label);
  else if (status == no || status == also_no)
    say(r, "%s: no", label);
  else
    outcome(r, label, &r->ops[0]);
}

eg_bytes key(run *r, const char *name) {
  eg_bytes parts[] = {eg_param(r->request, "how"), eg_text("/"), eg_text(name)};
  return eg_concat(r->host, r->request, parts, 3);
}

eg_bytes hex(run *r, eg_bytes bytes) {
  char *text = eg_alloc(r->host, r->request, bytes.len * 2);
  if (text == NULL) return eg_view(NULL, 1);
  for (uint64_t i = 0; i < bytes.len; i++) {
    text[2 * i] = "0123456789abcdef"[bytes.ptr[i] >> 4];
    text[2 * i + 1] = "0123456789abcdef"[bytes.ptr[i] & 15];
  }
  return eg_view(text, bytes.len * 2);
}

eg_bytes without(eg_bytes text, eg_bytes prefix) {
  if (text.len < prefix.len || !eg_equal(eg_view(text.ptr, prefix.len), prefix)) return text;
  return eg_view(text.ptr + prefix.len, text.len - prefix.len);
}

eg_bytes url(run *r, const char *path) {
  eg_bytes parts[] = {eg_config(r->host, "url"), eg_text(path)};
  return eg_concat(r->host, r->request, parts, 2);
}

static int32_t go_on(run *r, eg_response *response);

static int32_t resumed(const eg_host *host, const eg_request *request, eg_response *response,
                       void *state, int32_t reason) {
  run *r = state;
  if (reason != EG_OK) return EG_OK;
  r->host = host;
  r->request = request;
  return go_on(r, response);
}

// Runs the scenario from one list of operations to the next.
static int32_t go_on(run *r, eg_response *response) {
  bool blocking = eg_equal(eg_param(r->request, "how"), eg_text("blocking"));
  for (;;) {
    r->count = 0;
    r->scenario(r);
    if (r->count == 0)
      return eg_answer(r->host, r->request, response, 200, "text/plain; charset=utf-8", r->facts);
    if (eg_all_made(r->ops, r->count) != EG_OK) continue; // their statuses say why
    if (!blocking) return eg_await(response, r->ops, r->count, resumed, r);
    eg_run(r->host, r->request, r->ops, r->count);
  }
}

static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  const named *groups[] = {sql_scenarios,   cache_scenarios, storage_scenarios,
                           email_scenarios, http_scenarios,  all_scenarios};
  eg_bytes name = eg_param(request, "scenario");
  for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
    for (const named *one = groups[g]; one->name != NULL; one++) {
      if (!eg_equal(name, eg_text(one->name))) continue;
      run *r = eg_alloc(host, request, sizeof *r);
      if (r == NULL) return EG_E_NO_MEMORY;
      memset(r, 0, sizeof *r);
      r->host = host;
      r->request = request;
      r->scenario = one->run;
      return go_on(r, response);
    }
  return eg_answer(host, request, response, 404, "text/plain", eg_text("there is no such scenario\n"));
}

EG_HANDLER("services", "1.0");
EG_ENTRY(answer);
