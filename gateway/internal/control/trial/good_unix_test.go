//go:build unix

package trial_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/trial"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// A handler that answers with what it finds.
const curious = `
static const char *started = "traffic";
static int32_t begin(const eg_host *host, const eg_init *start, void **self) {
  (void)host; (void)self;
  if (start->flags & EG_INIT_TRIAL) started = "a trial";
  FILE *f = fopen("note", "w");
  if (f != NULL) fclose(f);
  return EG_OK;
}
static eg_bytes variable(const char *name) {
  const char *value = getenv(name);
  return eg_text(value == NULL ? "-" : value);
}
` + entryHead + `{
  char folder[4096];
  puts("not for the parent to read as an event");
  printf("{\"done\":true}\n");
  fflush(stdout);
  eg_log(host, request, EG_LOG_DEBUG, "asked for %s", "it");
  const eg_bytes parts[] = {
    eg_text(started), eg_text("|"), request->host, eg_text("|"), request->body, eg_text("|"), eg_header(request, "X-Tried"), eg_text("|"),
    eg_config(host, "greeting"), eg_text("|"), eg_text(getcwd(folder, sizeof folder)), eg_text("|"),
    variable("HOME"), eg_text("|"), variable("TRIAL_TEST_SECRET"), eg_text("|"), variable("PATH"), eg_text("|"), variable("EDGE_GATEWAY_TRIAL")};
  return eg_answer(host, request, response, 201, "text/plain", eg_concat(host, request, parts, sizeof parts / sizeof *parts));
}
EG_INIT(begin);
` + entryTail

func TestAGoodLibraryPassesAndLeavesNothing(t *testing.T) {
	t.Setenv("TRIAL_TEST_SECRET", "hunter2")
	r := request(t, compileC(t, curious))
	r.Endpoint.Domain = "*.example.com"
	r.Endpoint.Methods = []string{"PUT"}
	r.Endpoint.Disabled = true
	r.Endpoint.Config = map[string]string{"greeting": "hello"}
	r.Endpoint.Probe = &model.Probe{Method: "PUT", Path: "/tried/1", Body: "ping", Headers: map[string]string{"X-Tried": "yes"}, Status: 201}
	result, err := run(t, r)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(result.Answer.Body, "|")
	home := got[5]
	if want := []string{"a trial", "probe.example.com", "ping", "yes", "hello", home, home, "-", os.Getenv("PATH"), "-"}; !slices.Equal(got, want) {
		t.Errorf("it found %q, want %q", got, want)
	}
	if !strings.HasPrefix(home, r.Dir) {
		t.Errorf("it ran in %q, which is not below %q", home, r.Dir)
	}
	if !strings.HasPrefix(result.String(), "answered PUT /tried/1 with 201 in ") {
		t.Error(result)
	}
	if len(result.Log) != 1 || result.Log[0].Message != "asked for it" || result.Log[0].Level != "debug" || result.Log[0].Endpoint != "tried" {
		t.Errorf("log: %v", result.Log)
	}
	if !strings.Contains(result.Output, "not for the parent") {
		t.Errorf("output: %q", result.Output)
	}
}

func TestWithoutAProbeALibraryIsLoadedStartedAndShutDown(t *testing.T) {
	r := request(t, compileC(t, "EG_ENTRY(ok);"))
	r.Endpoint.Probe = nil
	result, err := run(t, r)
	if err != nil || result.Answer != nil || !strings.HasPrefix(result.String(), "loaded, started and shut down in ") {
		t.Error(result, err)
	}
}

func TestAProbeThatWantsAnotherStatusIsAFailure(t *testing.T) {
	r := request(t, compileC(t, "EG_ENTRY(ok);"))
	for _, test := range []struct {
		probe  model.Probe
		reason string
	}{
		{model.Probe{Path: "/tried/1", Status: 204}, "the probe GET /tried/1 was answered with 200, and 204 is wanted"},
		{model.Probe{Path: "/elsewhere"}, "the probe GET /elsewhere was answered with 404, and 200 to 399 is wanted"},
		{model.Probe{Path: "/tried/1", Method: "POST"}, "the probe POST /tried/1 was answered with 405"},
		{model.Probe{Path: "tried"}, "does not begin with a slash"},
		{model.Probe{Path: "/tried/%"}, "cannot be sent"},
	} {
		r.Endpoint.Probe = &test.probe
		_, err := run(t, r)
		if refused := refusal(t, err); !strings.Contains(refused.Reason, test.reason) {
			t.Errorf("reason %q, want %q", refused.Reason, test.reason)
		}
	}
}

func TestATrialEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	r := request(t, compileC(t, initHead+"{ spin(); return 0; }"+initTail))
	_, err := trial.Run(ctx, r)
	var refused *model.Error
	if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &refused) {
		t.Error(err)
	}
	if left, _ := os.ReadDir(r.Dir); len(left) > 0 {
		t.Errorf("the trial left %v", left)
	}
}
