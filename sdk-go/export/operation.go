package export

/*
#include <stddef.h>
#include "edge_gateway.h"
#include "edge_gateway_sql.h"
#include "edge_gateway_cache.h"
#include "edge_gateway_storage.h"
#include "edge_gateway_email.h"
#include "edge_gateway_http.h"

enum { eg_go_sql, eg_go_cache, eg_go_storage, eg_go_email, eg_go_http };

typedef struct { int32_t status; const void *table; } eg_go_table;

static eg_go_table eg_go_lookup(const eg_host *host, int kind, const uint8_t *name, uint64_t len) {
  static const char *const ids[] = {EG_SQL, EG_CACHE, EG_STORAGE, EG_EMAIL, EG_HTTP};
  eg_bytes binding = {name, len};
  eg_go_table found = {EG_OK, NULL};
  found.status = host->service(host, ids[kind], &binding, &found.table);
  return found;
}

typedef struct { int32_t status; const void *result; } eg_go_outcome;

static eg_go_outcome eg_go_call(const eg_host *host, uint64_t token, const void *table, uint32_t code, const void *args) {
  eg_op op = {table, code, EG_OK, args, NULL};
  eg_go_outcome outcome = {host->call(host, token, &op, 1), NULL};
  if (outcome.status == EG_OK) outcome = (eg_go_outcome){op.status, op.result};
  return outcome;
}

static void eg_go_release(const eg_host *host, uint64_t token, const void *result) {
  eg_op op = {NULL, 0, EG_OK, NULL, result};
  host->release_results(host, token, &op, 1);
}
*/
import "C"

import (
	"fmt"
	"sync"
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	"github.com/edge-gateway/edge-gateway/sdk-go/backend"
)

func (s *services) SQL(name string) (edge.SQL, error) {
	found, err := s.lookup(C.eg_go_sql, name)
	if err != nil {
		return nil, err
	}
	return backend.NewSQL(sql{found}), nil
}

func (s *services) Cache(name string) (edge.Cache, error) {
	found, err := s.lookup(C.eg_go_cache, name)
	if err != nil {
		return nil, err
	}
	return backend.NewCache(cache{found}), nil
}

func (s *services) Storage(name string) (edge.Storage, error) {
	found, err := s.lookup(C.eg_go_storage, name)
	if err != nil {
		return nil, err
	}
	return backend.NewStorage(storage{found}), nil
}

func (s *services) Email(name string) (edge.Email, error) {
	found, err := s.lookup(C.eg_go_email, name)
	if err != nil {
		return nil, err
	}
	return backend.NewEmail(email{found}), nil
}

func (s *services) HTTP(name string) (edge.HTTP, error) {
	found, err := s.lookup(C.eg_go_http, name)
	if err != nil {
		return nil, err
	}
	return backend.NewHTTP(client{found}), nil
}

// service is one that a binding lends, as this request reaches it.
type service struct {
	*services
	table unsafe.Pointer // the host's; valid as long as the instance
}

// tables keeps those that were found. A load has one instance, so one host.
var tables sync.Map // of unsafe.Pointer, by tableKey

type tableKey struct {
	kind C.int
	name string
}

func (s *services) lookup(kind C.int, name string) (service, error) {
	key := tableKey{kind, name}
	if table, ok := tables.Load(key); ok {
		return service{s, table.(unsafe.Pointer)}, nil
	}
	found := C.eg_go_lookup(s.host, kind, textPointer(name), C.uint64_t(len(name)))
	if found.status != C.EG_OK {
		status := edge.Status(found.status)
		return service{}, &edge.ServiceError{Status: status, Subject: name, Message: fmt.Sprintf("service %q: %v", name, status)}
	}
	tables.Store(key, found.table)
	return service{s, found.table}, nil
}

// run runs one operation and waits for it. read, unless nil, copies what is of
// use of the result: its memory is only lent.
func (s service) run(code C.uint32_t, args unsafe.Pointer, read func(result unsafe.Pointer)) error {
	outcome := C.eg_go_call(s.host, s.token, s.table, code, args)
	s.reading.RLock()
	defer s.reading.RUnlock()
	if s.over {
		return &edge.ServiceError{Status: edge.ErrStale}
	}
	if outcome.result != nil {
		defer C.eg_go_release(s.host, s.token, outcome.result)
	}
	switch {
	case outcome.status != C.EG_OK:
		return problem(outcome)
	case read == nil:
	case outcome.result == nil:
		return &edge.ServiceError{Status: edge.ErrInternal, Message: "the operation has no result"}
	default:
		read(outcome.result)
	}
	return nil
}

func problem(outcome C.eg_go_outcome) error {
	failure := &edge.ServiceError{Status: edge.Status(outcome.status)}
	if p := (*C.eg_problem)(outcome.result); p != nil {
		failure.Message = string(view(p.message))
		failure.Code = string(view(p.code))
		failure.Subject = string(view(p.subject))
		failure.Position = int(p.position)
	}
	return failure
}
