/* Linked with one sample, sends it one request and prints the answer as HTTP
 * would: a status line, headers, an empty line, the body.
 *
 *   drive [-m METHOD] [-p PATH] [-q QUERY] [-P NAME VALUE]... [-H NAME VALUE]...
 *
 * The body comes from standard input. Results of EG_AWAIT and EG_PENDING are
 * waited for. */
#include "check.h"
#include "fake_host.h"

extern __attribute__((weak)) int32_t handler_init(const eg_host *, const eg_init *, void **);
extern __attribute__((weak)) void handler_shutdown(const eg_host *, void *);

static eg_bytes read_all(FILE *input) {
  size_t len = 0, room = 1 << 16;
  uint8_t *memory = malloc(room);
  CHECK(memory != NULL);
  for (size_t got; (got = fread(memory + len, 1, room - len, input)) > 0;) {
    len += got;
    if (len == room) CHECK((memory = realloc(memory, room *= 2)) != NULL);
  }
  return eg_view(memory, len);
}

static void print(int32_t status, const eg_field *headers, uint64_t count, eg_bytes body) {
  printf("%d\n", (int)status);
  for (uint64_t i = 0; i < count; i++)
    printf("%.*s: %.*s\n", (int)headers[i].name.len, (const char *)headers[i].name.ptr,
           (int)headers[i].value.len, (const char *)headers[i].value.ptr);
  printf("\n");
  if (body.len > 0) fwrite(body.ptr, 1, (size_t)body.len, stdout);
}

int main(int argc, char **argv) {
  static fake_host fake;
  eg_field headers[32], params[32];
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 4096);
  request.method = eg_text("GET");
  request.headers = headers;
  request.params = params;
  for (int i = 1; i < argc; i += 2) {
    CHECK(argv[i][0] == '-' && i + 1 < argc);
    eg_field pair = {eg_text(argv[i + 1]), eg_text(NULL)};
    switch (argv[i][1]) {
      case 'm': request.method = pair.name; break;
      case 'p': request.path = pair.name; break;
      case 'q': request.query = pair.name; break;
      case 'H':
      case 'P':
        CHECK(i + 2 < argc && request.header_count < 32 && request.param_count < 32);
        pair.value = eg_text(argv[++i + 1]);
        if (argv[i - 1][1] == 'H') headers[request.header_count++] = pair;
        else params[request.param_count++] = pair;
        break;
      default: CHECK(!"a known option");
    }
  }
  eg_bytes body = read_all(stdin);
  if (body.len > 0) {
    request.body_kind = EG_BODY_WHOLE;
    request.body = body;
  }

  void *self = NULL;
  eg_init init = {sizeof init, 0, eg_text("driven"), NULL, 0};
  if (handler_init != NULL) CHECK(handler_init(&fake.table, &init, &self) == EG_OK);
  request.self = self;
  eg_response response = fake_response();
  int32_t status = handler_entry(&fake.table, &request, &response);
  while (status == EG_AWAIT) {
    eg_response asked = response;
    CHECK(fake.table.call(&fake.table, request.token, asked.ops, asked.op_count) == EG_OK);
    response = fake_response();
    status = asked.resume(&fake.table, &request, &response, asked.state, EG_OK);
  }
  if (status == EG_PENDING) {
    fake_wait(&fake, 1);
    const fake_completion *made = fake.completions;
    eg_field type = {eg_text("content-type"), eg_text(made->content_type)};
    print(made->status == EG_OK ? made->http_status : made->status, &type, 1, eg_text(made->text));
  } else {
    print(status == EG_OK ? response.status : status, response.headers, response.header_count,
          response.body);
  }
  if (response.release != NULL) response.release(response.release_context);
  if (handler_shutdown != NULL) handler_shutdown(&fake.table, self);
  fake_stop(&fake);
  free((void *)(uintptr_t)body.ptr);
  return 0;
}
