package awsclient

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Whole returns a transport that passes each request's body to next in one piece of memory.
//
// The SDK closes a request's body as soon as the answer begins. A fast service, such as the local cloud, can answer
// before net/http has finished with the body; net/http takes that for a broken request and drops the connection with
// the answer in it. The SDK repeats the call, and a conditional write meets itself: seen in one of 700 calls (smithy-go
// 1.28, transport/http/client.go). Our bodies are some kilobytes of JSON.
func Whole(next http.RoundTripper) http.RoundTripper { return whole{next} }

type whole struct{ next http.RoundTripper }

func (w whole) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return w.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close() // read to its end
	if err != nil {
		return nil, fmt.Errorf("read the body to send: %w", err)
	}
	own := *r // a transport must not change the request itself
	own.Body = io.NopCloser(bytes.NewReader(body))
	// This lets net/http repeat a request of which nothing was sent, on a connection that died while the function
	// slept.
	own.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return w.next.RoundTrip(&own)
}
