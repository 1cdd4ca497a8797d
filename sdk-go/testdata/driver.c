/*
 * A host in C: loads a handler library, sends it one request and prints what
 * it says. The lines on standard output are what the tests look at.
 *
 *   driver LIBRARY METHOD PATH QUERY [-p NAME VALUE]... [-h NAME VALUE]... [-c NAME VALUE]...
 *          [-t THREADS] [-n CALLS] [-m LIMIT]
 *
 * LIBRARY "-" is what is linked into the driver. -p adds a path parameter, -h a
 * header, -c a config value. The body is what comes on standard input. With -t
 * and -n every thread sends the request that often, and the answers must not
 * differ; then what is asked of the services is not printed. -m bounds the
 * arena, in bytes.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "edge_gateway.h"
#include "services.h"

#define CHECK(condition)                                             \
  do {                                                               \
    if (!(condition)) {                                              \
      fprintf(stderr, "driver: line %d: %s\n", __LINE__, #condition); \
      exit(3);                                                       \
    }                                                                \
  } while (0)

#define MOST 64

static eg_field params[MOST], headers[MOST], config[MOST];
static uint64_t param_count, header_count, config_count, arena_limit = 1 << 24;
static const eg_service timer = {sizeof timer, 0};

/* Memory that is lent again holds what was there before: the first answer. */
static eg_bytes leftovers;

static eg_bytes text(const char *s) { return (eg_bytes){(const uint8_t *)s, strlen(s)}; }

static void show(const char *label, eg_bytes b) {
  printf("%s %.*s\n", label, (int)b.len, b.len ? (const char *)b.ptr : "");
}

/* One request in flight. Its token is its address. */
struct call {
  eg_request request;
  eg_response response;
  eg_arena arena;
  uint64_t taken;
  void *blocks[MOST];
  int block_count;
  struct results results;
};

static struct results own_results; /* of the instance */

static struct results *results_of(uint64_t token) {
  return token == 1 ? &own_results : &((struct call *)token)->results;
}

static int32_t host_service(const eg_host *host, const char *id, const eg_bytes *name, const void **table) {
  (void)host;
  if (name != NULL) return services_find(id, *name, table);
  if (strcmp(id, EG_TIMER) != 0) return EG_E_UNSUPPORTED;
  *table = &timer;
  return EG_OK;
}

static int32_t host_call(const eg_host *host, uint64_t token, eg_op *ops, uint64_t count) {
  (void)host;
  CHECK(token != 0);
  for (uint64_t i = 0; i < count; i++) {
    if (services_run(&ops[i], results_of(token))) continue;
    CHECK(ops[i].service == &timer && ops[i].code == EG_TIMER_SLEEP);
    const eg_timer_sleep *args = ops[i].args;
    CHECK(args->struct_size == sizeof *args && args->reserved == 0);
    if (args->duration > 10000000000) { /* the deadline of this host: 10 s */
      ops[i].status = EG_E_DEADLINE;
      continue;
    }
    struct timespec t = {args->duration / 1000000000, args->duration % 1000000000};
    nanosleep(&t, NULL);
    ops[i].status = EG_OK;
  }
  return EG_OK;
}

static int32_t host_arena_grow(const eg_host *host, uint64_t token, uint64_t size) {
  (void)host;
  struct call *call = (struct call *)token;
  if (call->taken + size > arena_limit) return EG_E_NO_MEMORY;
  CHECK(call->block_count < MOST);
  uint8_t *block = malloc(size);
  CHECK(block != NULL);
  for (uint64_t i = 0; i < size; i++) block[i] = leftovers.len ? leftovers.ptr[i % leftovers.len] : 0xa5;
  call->blocks[call->block_count++] = block;
  call->taken += size;
  call->arena.next = block;
  call->arena.end = block + size;
  return EG_OK;
}

static int32_t host_release_results(const eg_host *host, uint64_t token, eg_op *ops, uint64_t count) {
  (void)host;
  for (uint64_t i = 0; i < count; i++) services_release(results_of(token), ops[i].result);
  return EG_OK;
}

static int32_t host_log(const eg_host *host, uint64_t token, int32_t level, const eg_bytes *message) {
  printf("log %d %s: %.*s\n", level, token == host->token ? "instance" : "request", (int)message->len, message->ptr);
  return EG_OK;
}

static int32_t host_config(const eg_host *host, const eg_bytes *name, eg_bytes *value) {
  (void)host;
  for (uint64_t i = 0; i < config_count; i++)
    if (config[i].name.len == name->len && memcmp(config[i].name.ptr, name->ptr, name->len) == 0) {
      *value = config[i].value;
      return EG_OK;
    }
  return EG_E_NOT_FOUND;
}

static const eg_host host = {
    .struct_size = sizeof host,
    .abi_major = EG_ABI_MAJOR,
    .abi_minor = EG_ABI_MINOR,
    .token = 1,
    .service = host_service,
    .call = host_call,
    .arena_grow = host_arena_grow,
    .release_results = host_release_results,
    .log = host_log,
    .config = host_config,
};

static int32_t (*entry)(const eg_host *, const eg_request *, eg_response *);
static eg_request sample;
static int calls = 1;

static int32_t start(struct call *call, uint8_t *first, uint64_t size) {
  memset(call, 0, sizeof *call);
  call->request = sample;
  call->request.token = (uint64_t)call;
  call->request.arena = &call->arena;
  call->response.struct_size = sizeof call->response;
  call->arena = (eg_arena){sizeof call->arena, 0, first, first + size};
  return entry(&host, &call->request, &call->response);
}

static void end(struct call *call) {
  services_end(&call->results);
  for (int i = 0; i < call->block_count; i++) free(call->blocks[i]);
}

static void *hammer(void *expected) {
  const eg_response *want = expected;
  for (int i = 0; i < calls; i++) {
    struct call call;
    uint8_t first[256];
    CHECK(start(&call, first, sizeof first) == EG_OK);
    CHECK(call.response.status == want->status && call.response.body.len == want->body.len);
    CHECK(memcmp(call.response.body.ptr, want->body.ptr, want->body.len) == 0);
    end(&call);
  }
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc >= 5);
  int threads = 0;
  sample.method = text(argv[2]);
  sample.path = text(argv[3]);
  if (argv[4][0] != 0) sample.query = text(argv[4]);
  for (int i = 5; i < argc; i++) {
    char option = argv[i][1];
    CHECK(argv[i][0] == '-' && i + 1 < argc);
    if (option == 't') { threads = atoi(argv[++i]); continue; }
    if (option == 'n') { calls = atoi(argv[++i]); continue; }
    if (option == 'm') { arena_limit = strtoull(argv[++i], NULL, 10); continue; }
    CHECK(i + 2 < argc);
    eg_field field = {text(argv[i + 1]), text(argv[i + 2])};
    i += 2;
    CHECK(param_count < MOST && header_count < MOST && config_count < MOST);
    if (option == 'p') params[param_count++] = field;
    else if (option == 'h') headers[header_count++] = field;
    else { CHECK(option == 'c'); config[config_count++] = field; }
  }
  static uint8_t body[1 << 20];
  size_t length = fread(body, 1, sizeof body, stdin);
  sample.struct_size = sizeof sample;
  sample.body_kind = length > 0 ? EG_BODY_WHOLE : EG_BODY_NONE;
  if (length > 0) sample.body = (eg_bytes){body, length};
  sample.received = 1700000000000000000;
  sample.deadline = 1700000010000000000;
  sample.scheme = text("http");
  sample.host = text("localhost");
  sample.peer = text("127.0.0.1:4000");
  sample.request_id = text("r-1");
  sample.headers = headers;
  sample.header_count = header_count;
  sample.params = params;
  sample.param_count = param_count;

  void *library = dlopen(strcmp(argv[1], "-") == 0 ? NULL : argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fprintf(stderr, "driver: %s\n", dlerror());
  CHECK(library != NULL);
  const eg_info *(*info)(void) = (const eg_info *(*)(void))dlsym(library, "handler_info");
  int32_t (*init)(const eg_host *, const eg_init *, void **) =
      (int32_t (*)(const eg_host *, const eg_init *, void **))dlsym(library, "handler_init");
  void (*shutdown)(const eg_host *, void *) = (void (*)(const eg_host *, void *))dlsym(library, "handler_shutdown");
  entry = (int32_t (*)(const eg_host *, const eg_request *, eg_response *))dlsym(library, "handler_entry");
  CHECK(info && init && shutdown && entry && dlsym(library, "handler_abi_0_2"));

  const eg_info *about = info();
  CHECK(about == info() && about->struct_size == sizeof *about && about->pointer_size == sizeof(void *));
  CHECK(about->abi_major == EG_ABI_MAJOR && about->abi_minor == EG_ABI_MINOR && about->flags == 0);
  show("name", about->name);
  show("version", about->version);
  show("sdk", about->sdk);
  show("language", about->language);

  void *self = &sample;
  eg_init with = {sizeof with, 0, text("sample"), config, config_count};
  int32_t status = init(&host, &with, &self);
  printf("init %d\n", status);
  if (status != EG_OK) return 0;

  struct call call;
  uint8_t first[256]; /* small: most answers have to grow the arena */
  status = start(&call, first + 8, sizeof first - 8);
  printf("entry %d\n", status);
  CHECK(call.response.release == NULL && call.response.op_count == 0);
  if (status != EG_OK) {
    CHECK(call.response.body.ptr == NULL);
    show("message", call.response.message);
  } else {
    leftovers = call.response.body;
    services_quiet = threads > 0;
    for (int i = 0; i < threads; i++) {
      pthread_t id[MOST];
      CHECK(i < MOST && pthread_create(&id[i], NULL, hammer, &call.response) == 0);
      if (i + 1 < threads) continue;
      for (int j = 0; j < threads; j++) CHECK(pthread_join(id[j], NULL) == 0);
    }
    printf("status %d\n", call.response.status);
    CHECK((uintptr_t)call.response.headers % 16 == 0);
    for (uint64_t i = 0; i < call.response.header_count; i++) {
      show("header", call.response.headers[i].name);
      show("value", call.response.headers[i].value);
    }
    printf("body %llu\n", (unsigned long long)call.response.body.len);
    fwrite(call.response.body.ptr, 1, call.response.body.len, stdout);
  }
  end(&call);
  shutdown(&host, self);
  CHECK(services_end(&own_results) == 0);
  return 0;
}
