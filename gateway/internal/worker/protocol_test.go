package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/process"
)

func TestASnapshotArrivesAsItWasSent(t *testing.T) {
	options := config.Options{
		"url": config.Hidden("postgres://user:secret@host/db"), "text": "text", "empty": "", "number": int64(0), "size": int64(1 << 40),
		"flag": true, "off": false, "wait": 5 * time.Second, "none": time.Duration(0), "hosts": []string{"a", "b"},
	}
	sent := order{ID: 7, Apply: &gateway.Snapshot{
		Endpoints: []gateway.Endpoint{{
			Name: "orders", Domain: "*.example.com", Path: "/{id}", Methods: []string{"GET"}, Library: "/data/versions/x.so",
			Canary: &gateway.Canary{Library: "y.so", Weight: 0.5, Header: "X-User"},
			Config: map[string]string{"a": "", "b": "\x00\xff"}, Services: map[string]string{"db": "orders-db"},
			Limits:   gateway.Limits{Timeout: time.Second, MaxBody: 1, MaxConcurrency: 2, MaxNative: 3, MaxStuck: 4, Rate: 0.5, Burst: 6},
			Isolated: true, Process: gateway.ProcessLimits{Memory: 1, CPU: 0.5, Files: 2, Open: true},
		}, {Name: "empty", Path: "/"}},
		Services: []gateway.Service{{Name: "orders-db", Kind: "sql", Driver: "postgres", Inactive: true, Workers: 1, Mailbox: 2, Timeout: 3, Options: options}},
	}}
	var pipe bytes.Buffer
	if err := process.Write(&pipe, sent); err != nil {
		t.Fatal(err)
	}
	var got order
	if err := process.Read(&pipe, &got); err != nil || !reflect.DeepEqual(got, sent) {
		t.Errorf("%v\n%#v\n%#v", err, *got.Apply, *sent.Apply)
	}
	if _, ok := reflect.TypeFor[gateway.Snapshot]().FieldByName("Endpoints"); !ok || reflect.TypeFor[gateway.Endpoint]().NumField() != 12 {
		t.Error("an endpoint has other fields than those sent here: see that they arrive, too")
	}
	if reflect.TypeFor[gateway.Service]().NumField() != 8 {
		t.Error("a service has other fields than those sent here: see that they arrive, too")
	}
}

func TestAReportArrivesWithItsFaults(t *testing.T) {
	sent := gateway.Report{
		Started:   time.Now().UTC(),
		Endpoints: []gateway.EndpointReport{{Name: "a", InFlight: 1, Versions: []gateway.VersionReport{{Version: "v", Role: gateway.Current, Requests: map[int]uint64{200: 3}}}}},
		Services:  []gateway.ServiceReport{{ServiceStatus: gateway.ServiceStatus{Name: "db", Fault: errors.New("connection refused")}}, {ServiceStatus: gateway.ServiceStatus{Name: "ok"}}},
	}
	sent.Endpoints[0].Versions[0].Latency.Buckets[3] = 3
	message := reported(sent)
	var pipe bytes.Buffer
	if err := process.Write(&pipe, message); err != nil {
		t.Fatal(err)
	}
	var got news
	if err := process.Read(&pipe, &got); err != nil {
		t.Fatal(err)
	}
	r := got.report()
	if !r.Started.Equal(sent.Started) || !reflect.DeepEqual(r.Endpoints, sent.Endpoints) || r.Services[0].Fault == nil ||
		r.Services[0].Fault.Error() != "connection refused" || r.Services[1].Fault != nil {
		t.Errorf("%+v", r)
	}
}

func TestErrorsAreToldApartOnTheOtherSide(t *testing.T) {
	err := join(wireErrors(errors.Join(
		&gateway.EndpointError{Endpoint: "a", Err: io.ErrUnexpectedEOF},
		errors.Join(&gateway.ServiceError{Service: "b", Err: errors.New("no")}, fmt.Errorf("other: %w", io.EOF)),
	)))
	var endpoint *gateway.EndpointError
	var service *gateway.ServiceError
	if !errors.As(err, &endpoint) || endpoint.Endpoint != "a" || !errors.As(err, &service) || service.Service != "b" {
		t.Errorf("%v", err)
	}
	if want := "endpoint \"a\": unexpected EOF\nservice \"b\": no\nother: EOF"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if full := (&gateway.EndpointError{Endpoint: "a", Err: fmt.Errorf("library: %w", abi.ErrGoFull)}); errors.Is(err, abi.ErrGoFull) ||
		!errors.Is(join(wireErrors(full)), abi.ErrGoFull) || join(wireErrors(full)).Error() != full.Error() {
		t.Error("that a worker can take no more Go libraries is lost, or made up")
	}
	if !errors.Is(join(wireErrors(gateway.ErrClosed)), gateway.ErrClosed) || join(wireErrors(nil)) != nil {
		t.Error("the end of a gateway, or no error, is lost")
	}
}

// FuzzRead shows that a worker which is out of its mind does control no harm.
func FuzzRead(f *testing.F) {
	for _, n := range []news{{}, {ID: 1, Errors: []wireError{{Text: "x"}}}, reported(gateway.Report{}), {Loading: &Library{Endpoint: "a"}}} {
		var b bytes.Buffer
		if err := process.Write(&b, n); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var n news
		if process.Read(bytes.NewReader(data), &n) == nil && n.Report != nil {
			n.report()
		}
		relay(bytes.NewReader(data), io.Discard, io.Discard)
	})
}
