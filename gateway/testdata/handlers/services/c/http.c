#include "run.h"

static eg_op fetch(run *r, const eg_http_request *sent) {
  return eg_http_fetch_op(r->host, r->request, eg_http(r->host, "web"), sent);
}

static eg_op get(run *r, eg_bytes address) {
  return eg_http_get_op(r->host, r->request, eg_http(r->host, "web"), address);
}

static eg_op put(run *r) {
  const eg_field headers[] = {{eg_text("x"), eg_text("1")}, {eg_text("x"), eg_text("2")}};
  eg_http_request sent = eg_http_new("PUT", url(r, "/path?x=1"));
  sent.headers = headers;
  sent.header_count = 2;
  sent.body = eg_text("sent");
  return fetch(r, &sent);
}

static eg_op get_with(run *r, eg_bytes address, uint32_t flags, int64_t timeout, uint64_t max_body) {
  eg_http_request sent = eg_http_new(NULL, address);
  sent.flags = flags;
  sent.timeout = timeout;
  sent.max_body = max_body;
  return fetch(r, &sent);
}

static void fetched(run *r) {
  BEGIN
  DO(put(r));
  const eg_http_response *answer = eg_http_response_of(&r->ops[0]);
  say(r, "status: %d", answer->status);
  eg_bytes cookies = eg_text("");
  for (uint64_t n = 0; n < answer->header_count; n++)
    if (eg_equal_fold(answer->headers[n].name, eg_text("set-cookie")))
      cookies = eg_format(r->host, r->request, "%.*s %.*s", TEXT(cookies), TEXT(answer->headers[n].value));
  say(r, "cookies:%.*s", TEXT(cookies));
  say(r, "body: %.*s", TEXT(answer->body));
  say(r, "url: %.*s", TEXT(without(answer->url, url(r, ""))));
  say(r, "timed: %s", answer->elapsed > 0 ? "true" : "false");
  END
}

static void redirected(run *r) {
  BEGIN
  DO(get(r, url(r, "/there")), get_with(r, url(r, "/there"), EG_HTTP_NO_REDIRECTS, 0, 0));
  const eg_http_response *followed = eg_http_response_of(&r->ops[0]), *kept = eg_http_response_of(&r->ops[1]);
  say(r, "followed: %d %.*s", followed->status, TEXT(without(followed->url, url(r, ""))));
  say(r, "kept: %d %.*s", kept->status, TEXT(eg_http_header(kept, "location")));
  END
}

static void refused(run *r) {
  BEGIN
  DO(get(r, eg_text("http://elsewhere.example/")));
  outcome(r, "host", &r->ops[0]);
  DO(get(r, eg_text("nonsense")));
  outcome(r, "url", &r->ops[0]);
  DO(get_with(r, url(r, "/here"), 0, 0, 2));
  outcome(r, "large", &r->ops[0]);
  DO(get(r, url(r, "/away")));
  outcome(r, "redirected away", &r->ops[0]);
  DO(get_with(r, url(r, "/slow"), 0, INT64_C(50000000), 0));
  outcome(r, "slow", &r->ops[0]);
  DO(get(r, eg_config(r->host, "closed")));
  outcome(r, "closed", &r->ops[0]);
  END
}

const named http_scenarios[] = {
    {"http-fetch", fetched}, {"http-redirect", redirected}, {"http-refused", refused}, {NULL, NULL},
};

// Four services in one list.
static void together(run *r) {
  BEGIN
  DO(query(r, "select 7"), eg_cache_get_op(r->host, r->request, eg_cache(r->host, "cache"), key(r, "together")),
     eg_storage_head_op(r->host, r->request, eg_storage(r->host, "files"), key(r, "together")), get(r, url(r, "/here")));
  row(r, "sql", eg_sql_rows(&r->ops[0]), 0);
  say(r, "cache: %.*s", TEXT(value_of(r, eg_cache_entry_at(&r->ops[1], 0))));
  say(r, "http: %d", eg_http_response_of(&r->ops[3])->status);
  say(r, "storage: %s", r->ops[2].status == EG_E_NOT_FOUND ? "none" : "there");
  END
}

// Services that the endpoint is not bound to, and one of another kind.
static void denied(run *r) {
  BEGIN
  DO(eg_sql_query_op(r->host, r->request, eg_sql(r->host, "nowhere"), "select 1", NULL, 0));
  outcome(r, "sql", &r->ops[0]);
  DO(eg_cache_get_op(r->host, r->request, eg_cache(r->host, "nowhere"), eg_text("k")));
  outcome(r, "cache", &r->ops[0]);
  DO(eg_storage_get_op(r->host, r->request, eg_storage(r->host, "nowhere"), eg_text("k")));
  outcome(r, "storage", &r->ops[0]);
  DO(eg_email_state_op(r->host, r->request, eg_email(r->host, "nowhere"), eg_text("k")));
  outcome(r, "email", &r->ops[0]);
  DO(eg_http_get_op(r->host, r->request, eg_http(r->host, "nowhere"), eg_text("http://x/")));
  outcome(r, "http", &r->ops[0]);
  DO(eg_sql_query_op(r->host, r->request, eg_sql(r->host, "cache"), "select 1", NULL, 0));
  outcome(r, "a cache as a database", &r->ops[0]);
  END
}

const named all_scenarios[] = {{"all-together", together}, {"all-denied", denied}, {NULL, NULL}};
