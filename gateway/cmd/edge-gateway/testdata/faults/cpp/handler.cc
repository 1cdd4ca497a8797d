// Throws in the way that the path names, with /thread before it on a thread of
// its own.
#include "edge_gateway_sdk.h"

#include <stdexcept>
#include <string>
#include <thread>

namespace {

struct Bomb {
  ~Bomb() noexcept(false) { throw std::runtime_error("a secret of C++"); }
};

void fault(const std::string &kind) {
  if (kind == "throw") throw std::runtime_error("a secret of C++");
  if (kind == "number") throw 42;
  if (kind == "destructor") Bomb bomb;
  if (kind == "twice") {
    Bomb bomb;
    throw std::runtime_error("the first");
  }
  if (kind == "noexcept") [&]() noexcept { throw std::runtime_error("a secret of C++"); }();
}

int32_t entry(const eg_host *host, const eg_request *request, eg_response *response) {
  const std::string path(reinterpret_cast<const char *>(request->path.ptr), request->path.len);
  const std::string kind = path.substr(path.rfind('/') + 1);
  if (kind == "wait") {
    eg_log(host, request, EG_LOG_INFO, "it waits");
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
  }
  if (path.find("/thread/") != std::string::npos)
    std::thread(fault, kind).join();
  else
    fault(kind);
  return eg_answer(host, request, response, 200, "text/plain", eg_text("alive"));
}

}  // namespace

EG_HANDLER("faults", "1.0");
EG_ENTRY(entry);
