/* Outbound HTTP: what the host gets, and what is read from its answer. */
#include "check.h"
#include "edge_gateway_sdk_http.h"
#include "fake_host.h"

static fake_host fake;
static eg_request request;
static const void *api;

static void start(void) {
  fake_start(&fake);
  request = fake_request(&fake, 1, 64);
  api = eg_http(&fake.table, "api");
}

static const eg_http_request *sent(eg_op *op) {
  CHECK(eg_run(&fake.table, &request, op, 1) == EG_OK);
  const eg_op *got = &fake.received[fake.received_count - 1];
  const eg_http_request *args = got->args;
  CHECK(got->service == fake_table(EG_HTTP) && got->code == EG_HTTP_FETCH);
  CHECK(args->struct_size == sizeof *args);
  return args;
}

static void requests_are_sent_with_all_of_their_parts(void) {
  start();
  eg_op op = eg_http_get_op(&fake.table, &request, api, eg_text("http://x/"));
  const eg_http_request *got = sent(&op);
  CHECK_BYTES(got->method, "GET");
  CHECK_BYTES(got->url, "http://x/");
  CHECK(got->header_count == 0 && eg_absent(got->body) && got->timeout == 0);
  CHECK(got->flags == 0 && got->max_body == 0);

  op = eg_http_post_op(&fake.table, &request, api, eg_text("http://x/"), "text/plain",
                       eg_text("body"));
  got = sent(&op);
  CHECK_BYTES(got->method, "POST");
  CHECK_BYTES(got->body, "body");
  CHECK(got->header_count == 1);
  CHECK_BYTES(got->headers[0].name, "content-type");
  CHECK_BYTES(got->headers[0].value, "text/plain");
  op = eg_http_post_op(&fake.table, &request, api, eg_text("http://x/"), NULL, eg_text(""));
  got = sent(&op);
  CHECK(got->header_count == 0 && !eg_absent(got->body) && got->body.len == 0);

  eg_field headers[] = {{EG_LITERAL("A"), EG_LITERAL("1")}, {EG_LITERAL("B"), EG_LITERAL("2")}};
  eg_http_request made = eg_http_new(NULL, eg_text("http://x/"));
  made.headers = headers;
  made.header_count = 2;
  made.timeout = 5;
  made.max_body = 6;
  made.flags = EG_HTTP_NO_REDIRECTS;
  op = eg_http_fetch_op(&fake.table, &request, api, &made);
  memset(headers, 0, sizeof headers); /* the list is the caller's again */
  got = sent(&op);
  CHECK(eg_absent(got->method) && got->timeout == 5 && got->max_body == 6);
  CHECK(got->flags == EG_HTTP_NO_REDIRECTS && got->header_count == 2);
  CHECK_BYTES(got->headers[1].name, "B");
  CHECK_BYTES(got->headers[1].value, "2");

  op = eg_http_get_op(&fake.table, &request, api, eg_view(NULL, 1));
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_E_NO_MEMORY);
  headers[0].value = eg_view(NULL, 1);
  op = eg_http_fetch_op(&fake.table, &request, api, &made);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_E_NO_MEMORY);
  fake_stop(&fake);
}

static void answers_are_read(void) {
  start();
  static const eg_field headers[] = {{EG_LITERAL("A"), EG_LITERAL("1")},
                                     {EG_LITERAL("a"), EG_LITERAL("2")}};
  static const eg_http_response answer = {
      sizeof answer, 404, headers, 2, EG_LITERAL("body"), EG_LITERAL("http://x/end"), 1500};
  eg_op op = eg_http_get_op(&fake.table, &request, api, eg_text("http://x/"));
  CHECK(eg_http_response_of(&op) == NULL);
  fake_answer(&fake, EG_OK, &answer);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_OK);
  CHECK(eg_http_response_of(&op) == &answer);
  CHECK_BYTES(eg_http_header(&answer, "a"), "1");
  CHECK(eg_absent(eg_http_header(&answer, "b")) && eg_absent(eg_http_header(NULL, "a")));
  fake_answer(&fake, EG_E_DENIED, NULL);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_E_DENIED);
  CHECK(eg_http_response_of(&op) == NULL);
  fake_stop(&fake);
}

int main(void) {
  requests_are_sent_with_all_of_their_parts();
  answers_are_read();
  return 0;
}
