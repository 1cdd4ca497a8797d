package export

/*
#cgo CFLAGS: -I${SRCDIR}/../include -I${SRCDIR}/../../abi
#include "edge_gateway.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// library is read at the first export that is called: by then every init
// function has run.
var library = sync.OnceValues(edge.Registered)

// instance is the one that this load serves, from handler_init on.
var instance atomic.Pointer[edge.Instance]

//export eg_go_info
func eg_go_info() *C.eg_info { return description() }

//export eg_go_init
func eg_go_init(host *C.eg_host, init *C.eg_init) C.int32_t {
	services := &services{host: host, token: host.token}
	if err := start(host, init, services); err != nil {
		services.Log(edge.LevelError, err.Error())
		return statusOf(err)
	}
	return C.EG_OK
}

func start(host *C.eg_host, init *C.eg_init, services *services) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("start the handler: %w", edge.Recovered(v))
		}
	}()
	l, err := library()
	if err != nil {
		return err
	}
	i := readInit(init)
	i.Services = services
	instance.Store(i)
	if l.Init == nil {
		return nil
	}
	if err := l.Init(i); err != nil {
		return fmt.Errorf("start the handler: %w", err)
	}
	return nil
}

//export eg_go_entry
func eg_go_entry(host *C.eg_host, request *C.eg_request, response *C.eg_response) (status C.int32_t) {
	answer := answer{host: host, request: request, response: response}
	defer func() {
		if v := recover(); v != nil {
			status = answer.fail(edge.Recovered(v))
		}
	}()
	l, err := library()
	if err != nil {
		return answer.fail(err)
	}
	call := readRequest(host, request)
	defer call.services.end()
	result, err := l.Handler.Call(&call.request)
	if err != nil {
		return answer.fail(err)
	}
	return answer.write(result)
}

//export eg_go_shutdown
func eg_go_shutdown(host *C.eg_host) {
	i := instance.Load()
	if i == nil {
		return
	}
	services := i.Services.(*services)
	defer services.end()
	defer func() {
		if v := recover(); v != nil {
			services.Log(edge.LevelError, fmt.Sprintf("shut the handler down: %v", edge.Recovered(v)))
		}
	}()
	if l, err := library(); err == nil && l.Shutdown != nil {
		l.Shutdown(i)
	}
}

// statusOf keeps the status that an error stands for; any other is a fault of
// the handler.
func statusOf(err error) C.int32_t {
	var status edge.Status
	if errors.As(err, &status) && status < 0 {
		return C.int32_t(status)
	}
	return C.EG_E_INTERNAL
}
