package s3

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestACauseHasNoURL(t *testing.T) {
	const address = "http://127.0.0.1:9000/bucket/pre/fix/key"
	for _, inner := range []error{errors.New("EOF"), errors.New("Connection closed by foreign host " + address + ". Retry again.")} {
		text := cause(&url.Error{Op: "Put", URL: address, Err: inner})
		if text == "" || strings.Contains(text, "bucket") {
			t.Errorf("%v: %q", inner, text)
		}
	}
}
