package cli

import (
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func TestRouteIsReadAsPeopleWriteIt(t *testing.T) {
	for text, want := range map[string]route{
		"GET api.example.com/orders/{id}": {[]string{"GET"}, "api.example.com", "/orders/{id}"},
		"GET,POST *.Example.com/":         {[]string{"GET", "POST"}, "*.example.com", "/"},
		" /files/{key:*} ":                {nil, "", "/files/{key:*}"},
		"PUT   /x":                        {[]string{"PUT"}, "", "/x"},
	} {
		if got, err := parseRoute(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		"": "no path", "GET": "no path", "GET example.com": "no path", "get /x": "upper case",
		"GET /{": "not valid", "GET http://a/x": "not valid", "GET a b/x": "not valid",
	} {
		if _, err := parseRoute(text); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "write it as in") {
			t.Errorf("%q: %v, which should say %q", text, err, says)
		}
	}
}

func FuzzRouteComesBackAsItWas(f *testing.F) {
	f.Add("GET api.example.com/orders/{id}")
	f.Add("/")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseRoute(text)
		if err != nil {
			return
		}
		again, err := parseRoute(routeOf(model.EndpointSpec{Methods: r.methods, Domain: r.domain, Path: r.path}))
		if err != nil || !reflect.DeepEqual(r, again) {
			t.Errorf("%q: %+v, again %+v, %v", text, r, again, err)
		}
	})
}

func TestWhatIsNotChosenStaysAsItIs(t *testing.T) {
	spec := model.EndpointSpec{Name: "a", Path: "/a", Methods: []string{"GET"}, Config: map[string]string{"x": "1", "y": "2"}, Limits: model.Limits{MaxBody: 5}}
	c := chosen{Config: map[string]string{"y": "", "z": "3"}, Bind: map[string]string{"db": "orders"}, MaxStuck: 3, Probe: "/a?probe"}
	if err := c.into(&spec); err != nil {
		t.Fatal(err)
	}
	want := model.EndpointSpec{
		Name: "a", Path: "/a", Methods: []string{"GET"}, Config: map[string]string{"x": "1", "z": "3"}, Services: map[string]string{"db": "orders"},
		Limits: model.Limits{MaxBody: 5, MaxStuck: 3}, Probe: &model.Probe{Path: "/a?probe"},
	}
	if !reflect.DeepEqual(spec, want) {
		t.Errorf("%+v", spec)
	}
}

func TestARateIsChosenAndLifted(t *testing.T) {
	for _, c := range []struct {
		args []string
		want model.Limits
	}{
		{nil, model.Limits{Rate: 5, Burst: 9}},
		{[]string{"--rate=2.5"}, model.Limits{Rate: 2.5, Burst: 9}},
		{[]string{"--rate=2", "--burst=3"}, model.Limits{Rate: 2, Burst: 3}},
		{[]string{"--rate=0"}, model.Limits{}},
	} {
		var chosen chosen
		parser, err := kong.New(&chosen)
		if err == nil {
			_, err = parser.Parse(c.args)
		}
		spec := model.EndpointSpec{Limits: model.Limits{Rate: 5, Burst: 9}}
		if err == nil {
			err = chosen.into(&spec)
		}
		if err != nil || spec.Limits != c.want {
			t.Errorf("%v: %+v, %v; want %+v", c.args, spec.Limits, err, c.want)
		}
	}
	less := -1.0
	if (chosen{Rate: &less}).Validate() == nil || (chosen{Burst: -1}).Validate() == nil {
		t.Error("less than nothing is taken")
	}
}

func TestOptionsOfServicesHaveTheirTypes(t *testing.T) {
	spec := model.ServiceSpec{Kind: "http"}
	s := settings{Option: []string{"allow=a.example", "allow=b.example", "unknown=1"}}
	s.into(&spec)
	want := map[string]any{"allow": []string{"a.example", "b.example"}, "unknown": "1"}
	if !reflect.DeepEqual(spec.Options, want) {
		t.Errorf("%v", spec.Options)
	}
	if (settings{Option: []string{"allow"}}).Validate() == nil {
		t.Error("an option without a value is taken")
	}
}
