/* Reading a request: headers, parameters, query, numbers. */
#include "check.h"
#include "fake_host.h"

static eg_field field(const char *name, const char *value) {
  eg_field made = {eg_text(name), eg_text(value)};
  return made;
}

static void headers_are_found_in_any_case(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 0);
  const eg_field headers[] = {field("Host", "h"), field("X-Empty", ""), field("ACCEPT", "first"),
                              field("accept", "second"), field("[", "bracket")};
  request.headers = headers;
  request.header_count = 5;
  CHECK_BYTES(eg_header(&request, "host"), "h");
  CHECK_BYTES(eg_header(&request, "Accept"), "first");
  CHECK_BYTES(eg_header(&request, "x-empty"), "");
  CHECK(eg_absent(eg_header(&request, "hos")));
  CHECK(eg_absent(eg_header(&request, "hosts")));
  CHECK(eg_absent(eg_header(&request, "{"))); /* '[' + 32: no letter, no folding */
  request.header_count = 0;
  request.headers = NULL;
  CHECK(eg_absent(eg_header(&request, "host")));
  fake_stop(&fake);
}

static void parameters_are_found_by_exact_name(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 0);
  const eg_field params[] = {field("name", "A+b"), field("Name", "other")};
  request.params = params;
  request.param_count = 2;
  CHECK_BYTES(eg_param(&request, "name"), "A+b");
  CHECK_BYTES(eg_param(&request, "Name"), "other");
  CHECK(eg_absent(eg_param(&request, "NAME")));
  fake_stop(&fake);
}

static void query_parameters_are_decoded(void) {
  static const struct {
    const char *query, *name, *value; /* value NULL: absent */
  } cases[] = {
      {NULL, "a", NULL},
      {"", "a", NULL},
      {"a=1", "a", "1"},
      {"a=1&a=2", "a", "1"},
      {"b=1&a=2", "a", "2"},
      {"ab=1&a=2", "a", "2"},
      {"a", "a", ""},
      {"a&b=1", "a", ""},
      {"a=", "a", ""},
      {"a=b=c", "a", "b=c"},
      {"&&a=1&&", "a", "1"},
      {"a=x+y", "a", "x y"},
      {"a=x%2By", "a", "x+y"},
      {"a=%e4%F6", "a", "\xe4\xf6"},
      {"a=100%", "a", "100%"},
      {"a=%4", "a", "%4"},
      {"a=%zz%41", "a", "%zzA"},
      {"a=%&b=1", "a", "%"},
      {"%61=1", "a", "1"},
      {"a+b=1", "a b", "1"},
      {"a%3Db=1", "a=b", "1"},
      {"A=1", "a", NULL},
      {"=1", "", "1"},
      {"a=1", "", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    fake_host fake;
    fake_start(&fake);
    eg_request request = fake_request(&fake, 1, 16);
    /* A copy of exact size, so that a sanitizer sees a read beyond it. */
    eg_bytes query = eg_text(cases[i].query);
    uint8_t *exact = malloc(query.len == 0 ? 1 : (size_t)query.len);
    if (query.len > 0) memcpy(exact, query.ptr, (size_t)query.len);
    if (query.ptr != NULL) query.ptr = exact;
    request.query = query;
    eg_bytes value = eg_query_param(&fake.table, &request, cases[i].name);
    if (cases[i].value == NULL)
      CHECK(eg_absent(value) && !eg_failed(value));
    else
      CHECK_BYTES(value, cases[i].value);
    free(exact);
    fake_stop(&fake);
  }
}

static void a_query_without_memory_is_no_absent_one(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 0);
  fake.memory_limit = 0;
  request.query = eg_text("a=1");
  CHECK(eg_failed(eg_query_param(&fake.table, &request, "a")));
  CHECK(!eg_failed(eg_query_param(&fake.table, &request, "b")));
  fake_stop(&fake);
}

static void form_fields_are_read_from_the_body(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 0);
  request.query = eg_text("a=query");
  request.body = eg_text("name=Ann+B&a=%26&c");
  CHECK_BYTES(eg_form_param(&fake.table, &request, "name"), "Ann B");
  CHECK_BYTES(eg_form_param(&fake.table, &request, "a"), "&");
  CHECK_BYTES(eg_form_param(&fake.table, &request, "c"), "");
  CHECK(eg_absent(eg_form_param(&fake.table, &request, "d")));
  request.body = eg_text(NULL);
  CHECK(eg_absent(eg_form_param(&fake.table, &request, "name")));
  fake_stop(&fake);
}

static void utf8_is_told_from_other_bytes(void) {
  static const char *const right[] = {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
                                      "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                                      "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa4z"};
  static const char *const wrong[] = {
      "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xe1\x80",
      "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
      "\xff", "\xf0\x90\x80", "a\xe1\x80z"};
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) CHECK(eg_is_utf8(eg_text(right[i])));
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) CHECK(!eg_is_utf8(eg_text(wrong[i])));
  CHECK(eg_is_utf8(eg_view("a\0b", 3)) && eg_is_utf8(eg_view(NULL, 0)));
  CHECK(!eg_is_utf8(eg_view(NULL, 1)) && !eg_is_utf8(eg_view("\xc3\xa4", 1)));
}

static void numbers_are_bounded(void) {
  uint64_t value = 99;
  CHECK(eg_parse_uint(eg_text("0"), 10, &value) == EG_OK && value == 0);
  CHECK(eg_parse_uint(eg_text("0010"), 10, &value) == EG_OK && value == 10);
  CHECK(eg_parse_uint(eg_text("18446744073709551615"), UINT64_MAX, &value) == EG_OK);
  CHECK(value == UINT64_MAX);
  static const char *const wrong[] = {"", "11", "-1", "+1", " 1", "1 ", "1e0", "0x1",
                                      "18446744073709551616", "99999999999999999999999"};
  value = 5;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    CHECK(eg_parse_uint(eg_text(wrong[i]), 10, &value) == EG_E_INVALID && value == 5);
  CHECK(eg_parse_uint(eg_text("18446744073709551616"), UINT64_MAX, &value) == EG_E_INVALID);
  CHECK(eg_parse_uint(eg_text("5"), 3, &value) == EG_E_INVALID);
  CHECK(eg_parse_uint(eg_text(NULL), 10, &value) == EG_E_INVALID);
  CHECK(eg_parse_uint(eg_view("7x", 1), 10, &value) == EG_OK && value == 7);
}

int main(void) {
  headers_are_found_in_any_case();
  parameters_are_found_by_exact_name();
  query_parameters_are_decoded();
  a_query_without_memory_is_no_absent_one();
  form_fields_are_read_from_the_body();
  utf8_is_told_from_other_bytes();
  numbers_are_bounded();
  return 0;
}
