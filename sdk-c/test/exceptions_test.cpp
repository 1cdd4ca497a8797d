// A fault in C++ becomes a status: no exception crosses an export.
#include "check.h"
#include "fake_host.h"

#include <stdexcept>
#include <string>

static int kind;

static void fault() {
  if (kind == 1) throw std::runtime_error(std::string("a reason that is ") + "built");
  if (kind == 2) throw 42;
}

static int32_t entry(const eg_host *host, const eg_request *request, eg_response *response) {
  response->release = [](void *context) { ++*static_cast<int *>(context); };
  response->release_context = &kind;
  fault();
  return eg_answer(host, request, response, 200, "text/plain", eg_text("fine"));
}
static int32_t resume(const eg_host *host, const eg_request *request, eg_response *response,
                      void *state, int32_t reason) {
  fault();
  (void)state;
  (void)reason;
  return eg_answer(host, request, response, 200, nullptr, eg_text("fine"));
}
static int32_t start(const eg_host *, const eg_init *, void **) {
  fault();
  return EG_OK;
}
static void stop(const eg_host *, void *) { fault(); }
static void cancel(const eg_host *, void *, uint64_t) { fault(); }

EG_HANDLER_UNLOADABLE("exceptions", "1.0");
EG_ENTRY(entry);
EG_RESUME(guarded, resume);
EG_INIT(start);
EG_SHUTDOWN(stop);
EG_CANCEL(cancel);

int main() {
  static const char *const reasons[] = {"", "a reason that is built", "an exception of unknown type"};
  CHECK(handler_info()->flags == EG_INFO_UNLOADABLE);
  CHECK_BYTES(handler_info()->language, "c++");
  for (kind = 0; kind < 3; kind++) {
    fake_host fake;
    fake_start(&fake);
    eg_request request = fake_request(&fake, 1, 0);
    eg_response response = fake_response();
    const int32_t expected = kind == 0 ? EG_OK : EG_E_INTERNAL;
    CHECK(handler_entry(&fake.table, &request, &response) == expected);
    CHECK(response.release != nullptr); // the host still has to call it
    if (kind > 0) CHECK_BYTES(response.message, reasons[kind]);
    response = fake_response();
    CHECK(guarded(&fake.table, &request, &response, nullptr, EG_OK) == expected);
    if (kind > 0) CHECK_BYTES(response.message, reasons[kind]);
    void *self = nullptr;
    CHECK(handler_init(&fake.table, nullptr, &self) == expected);
    CHECK(std::string(fake.log_text) == reasons[kind]);
    fake.log_text[0] = 0;
    handler_shutdown(&fake.table, nullptr);
    CHECK(std::string(fake.log_text) == reasons[kind]);
    fake.log_text[0] = 0;
    handler_cancel(&fake.table, nullptr, 1);
    CHECK(std::string(fake.log_text) == reasons[kind]);
    fake_stop(&fake);
  }
  return 0;
}
