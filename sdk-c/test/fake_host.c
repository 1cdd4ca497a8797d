#include "fake_host.h"
#include "check.h"

static const eg_service timer_table = {sizeof(eg_service), 0};

/* The services that an endpoint is bound to, by the names it gave them. */
static const struct {
  const char *id, *name;
  eg_service table;
} bound[] = {{"eg.sql/1", "db", {sizeof(eg_service), 0}},
             {"eg.cache/1", "cache", {sizeof(eg_service), 0}},
             {"eg.storage/1", "files", {sizeof(eg_service), 0}},
             {"eg.email/1", "mail", {sizeof(eg_service), 0}},
             {"eg.http/1", "api", {sizeof(eg_service), 0}}};

const void *fake_table(const char *id) {
  for (size_t i = 0; i < sizeof bound / sizeof bound[0]; i++)
    if (strcmp(bound[i].id, id) == 0) return &bound[i].table;
  return NULL;
}

void fake_answer(fake_host *fake, int32_t status, const void *result) {
  CHECK(fake->answer_count < FAKE_MAX_OPS);
  fake->answers[fake->answer_count].status = status;
  fake->answers[fake->answer_count++].result = result;
}

static fake_host *fake_of(const eg_host *host) { return (fake_host *)(uintptr_t)host; }

static int32_t service(const eg_host *host, const char *id, const eg_bytes *name,
                       const void **table) {
  if (strcmp(id, EG_TIMER) == 0) {
    CHECK(name == NULL);
    if (fake_of(host)->timer_status != EG_OK) return fake_of(host)->timer_status;
    *table = &timer_table;
    return EG_OK;
  }
  for (size_t i = 0; i < sizeof bound / sizeof bound[0]; i++) {
    if (strcmp(bound[i].id, id) != 0) continue;
    if (name == NULL || !eg_equal(*name, eg_text(bound[i].name))) return EG_E_DENIED;
    *table = &bound[i].table;
    return EG_OK;
  }
  if (strcmp(id, "test.named/1") != 0) return EG_E_UNSUPPORTED;
  if (name == NULL || !eg_equal(*name, eg_text("orders"))) return EG_E_DENIED;
  *table = &timer_table;
  return EG_OK;
}

static bool is_bound(const void *table) {
  for (size_t i = 0; i < sizeof bound / sizeof bound[0]; i++)
    if (table == &bound[i].table) return true;
  return false;
}

/* Takes an operation of a service that is bound. */
static void serve(fake_host *fake, eg_op *op) {
  CHECK(fake->received_count < FAKE_MAX_OPS);
  fake->received[fake->received_count++] = *op;
  op->status = EG_OK;
  op->result = NULL;
  if (fake->answered == fake->answer_count) return;
  op->status = fake->answers[fake->answered].status;
  op->result = fake->answers[fake->answered++].result;
}

static int32_t call(const eg_host *host, uint64_t token, eg_op *ops, uint64_t count) {
  fake_host *fake = fake_of(host);
  fake->calls++;
  fake->last_token = token;
  for (uint64_t i = 0; i < count; i++) {
    const eg_timer_sleep *sleep = (const eg_timer_sleep *)ops[i].args;
    if (is_bound(ops[i].service)) {
      serve(fake, &ops[i]);
      continue;
    }
    if (ops[i].service != &timer_table || ops[i].code != EG_TIMER_SLEEP) return EG_E_INVALID;
    if (sleep->struct_size != sizeof *sleep) return EG_E_INVALID;
    fake->last_sleep = sleep->duration;
    ops[i].status = fake->sleep_status;
  }
  return EG_OK;
}

static void copy_text(char *to, size_t room, eg_bytes from) {
  CHECK(from.len < room);
  if (from.len > 0) memcpy(to, from.ptr, (size_t)from.len);
  to[from.len] = 0;
}

static int32_t complete(const eg_host *host, uint64_t token, int32_t status,
                        const eg_response *response) {
  fake_host *fake = fake_of(host);
  int32_t result = EG_OK;
  CHECK(response->struct_size == sizeof *response);
  pthread_mutex_lock(&fake->lock);
  for (uint32_t i = 0; i < fake->completion_count; i++)
    if (fake->completions[i].token == token) result = EG_E_DONE;
  if (result == EG_OK) {
    CHECK(fake->completion_count < FAKE_MAX_COMPLETIONS);
    fake_completion *made = &fake->completions[fake->completion_count++];
    made->token = token;
    made->status = status;
    made->http_status = response->status;
    copy_text(made->text, sizeof made->text, status == EG_OK ? response->body : response->message);
    if (response->header_count > 0)
      copy_text(made->content_type, sizeof made->content_type, response->headers[0].value);
    pthread_cond_broadcast(&fake->completed);
  }
  pthread_mutex_unlock(&fake->lock);
  return result;
}

static int32_t arena_grow(const eg_host *host, uint64_t token, uint64_t size) {
  fake_host *fake = fake_of(host);
  if (size > fake->memory_limit - fake->memory_used || fake->block_count == 256)
    return EG_E_NO_MEMORY;
  uint8_t *block = (uint8_t *)malloc((size_t)(size + fake->misalign));
  CHECK(block != NULL);
  fake->last_token = token;
  fake->memory_used += size;
  fake->blocks[fake->block_count] = block;
  fake->block_sizes[fake->block_count++] = size;
  fake->arena.next = block + fake->misalign;
  fake->arena.end = fake->arena.next + size;
  return EG_OK;
}

static int32_t release_results(const eg_host *host, uint64_t token, eg_op *ops, uint64_t count) {
  (void)ops;
  fake_of(host)->last_token = token;
  fake_of(host)->released += (uint32_t)count;
  return EG_OK;
}

static int32_t log_line(const eg_host *host, uint64_t token, int32_t level,
                        const eg_bytes *message) {
  fake_host *fake = fake_of(host);
  fake->last_token = token;
  fake->log_level = level;
  fake->log_len = message->len;
  copy_text(fake->log_text, sizeof fake->log_text, *message);
  return EG_OK;
}

static int32_t now(const eg_host *host, int64_t *nanoseconds) {
  (void)host;
  *nanoseconds = 1;
  return EG_OK;
}

static int32_t config(const eg_host *host, const eg_bytes *name, eg_bytes *value) {
  (void)host;
  if (!eg_equal(*name, eg_text("greeting"))) return EG_E_NOT_FOUND;
  *value = eg_text("Hello");
  return EG_OK;
}

static int32_t canceled(const eg_host *host, uint64_t token) {
  (void)host;
  (void)token;
  return EG_OK;
}

void fake_start(fake_host *fake) {
  memset(fake, 0, sizeof *fake);
  fake->memory_limit = 64u << 20;
  eg_host table = {sizeof(eg_host), EG_ABI_MAJOR, EG_ABI_MINOR, 0,   FAKE_INSTANCE_TOKEN,
                   service,         call,         complete,     arena_grow, release_results,
                   log_line,        now,          config,       canceled};
  fake->table = table;
  pthread_mutex_init(&fake->lock, NULL);
  pthread_cond_init(&fake->completed, NULL);
}

void fake_stop(fake_host *fake) {
  for (uint32_t i = 0; i < fake->block_count; i++) free(fake->blocks[i]);
  pthread_cond_destroy(&fake->completed);
  pthread_mutex_destroy(&fake->lock);
}

eg_request fake_request(fake_host *fake, uint64_t token, uint64_t size) {
  eg_request request;
  memset(&request, 0, sizeof request);
  memset(&fake->arena, 0, sizeof fake->arena);
  fake->arena.struct_size = sizeof fake->arena;
  request.struct_size = sizeof request;
  request.token = token;
  request.arena = &fake->arena;
  if (size > 0) CHECK(arena_grow(&fake->table, token, size) == EG_OK);
  return request;
}

eg_response fake_response(void) {
  eg_response response;
  memset(&response, 0, sizeof response);
  response.struct_size = sizeof response;
  return response;
}

void fake_wait(fake_host *fake, uint32_t count) {
  pthread_mutex_lock(&fake->lock);
  while (fake->completion_count < count) pthread_cond_wait(&fake->completed, &fake->lock);
  pthread_mutex_unlock(&fake->lock);
}
