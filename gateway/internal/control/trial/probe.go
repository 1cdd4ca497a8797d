package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// bodyLimit is how much of an answer's body is kept.
const bodyLimit = 1 << 10

// probeName is how people read a probe.
func probeName(p *model.Probe) string { return cmp.Or(p.Method, http.MethodGet) + " " + p.Path }

func wanted(p *model.Probe, status int) bool {
	if p.Status != 0 {
		return status == p.Status
	}
	return status >= 200 && status <= 399
}

func wantedStatus(p *model.Probe) string {
	if p.Status != 0 {
		return fmt.Sprint(p.Status)
	}
	return "200 to 399"
}

// probe sends the endpoint's probe to address. An error says why there was no
// answer.
func probe(ctx context.Context, e model.EndpointSpec, address string) (Answer, error) {
	p := e.Probe
	answer := Answer{Request: probeName(p)}
	if !strings.HasPrefix(p.Path, "/") {
		return answer, fmt.Errorf("the probe %s cannot be sent: its path does not begin with a slash", answer.Request)
	}
	request, err := http.NewRequestWithContext(ctx, cmp.Or(p.Method, http.MethodGet), "http://"+address+p.Path, strings.NewReader(p.Body))
	if err != nil {
		return answer, fmt.Errorf("the probe %s cannot be sent: %w", answer.Request, err)
	}
	request.Host = hostOf(e.Domain)
	request.Header.Set("User-Agent", "edge-gateway-trial")
	for name, value := range p.Headers {
		if strings.EqualFold(name, "Host") {
			request.Host = value
		}
		request.Header.Set(name, value)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	begin := time.Now()
	response, err := client.Do(request)
	if err == nil {
		defer response.Body.Close()
		answer.Status = response.StatusCode
		var body []byte
		if body, err = io.ReadAll(io.LimitReader(response.Body, bodyLimit)); err == nil {
			_, err = io.Copy(io.Discard, response.Body)
		}
		answer.Body = string(body)
	}
	answer.Took = time.Since(begin)
	if err != nil {
		return answer, fmt.Errorf("the probe %s had no whole answer: %w", answer.Request, rootOf(err))
	}
	return answer, nil
}

// rootOf is the innermost error: what lies around it names the loopback
// address.
func rootOf(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// hostOf is a host that a domain of an endpoint matches.
func hostOf(domain string) string {
	if rest, ok := strings.CutPrefix(domain, "*."); ok {
		return "probe." + rest
	}
	return cmp.Or(domain, "localhost")
}
