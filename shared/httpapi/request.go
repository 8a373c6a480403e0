package httpapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"clientele/shared/membership"
)

// MaxBody is the largest request body in bytes, after decoding base64. Lambda itself takes 6 MB; a batch of 100
// invitations is some 30 KB.
const MaxBody = 1 << 20

// newRequest turns an event into a request. AWS, MiniStack and `sam local` differ in the case of header names, in
// cookies (a list or a header), and in whether an empty body is absent.
func newRequest(ctx context.Context, event events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body := []byte(event.Body)
	if event.IsBase64Encoded {
		if base64.StdEncoding.DecodedLen(len(event.Body)) > MaxBody+2 {
			return nil, errBodyTooLarge
		}
		decoded, err := base64.StdEncoding.DecodeString(event.Body)
		if err != nil {
			return nil, membership.InvalidField("body", "invalid_body", "The body is not valid base64.").Because(err)
		}
		body = decoded
	}
	if len(body) > MaxBody {
		return nil, errBodyTooLarge
	}
	r := plainRequest(ctx, event)
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	return r, nil
}

// plainRequest returns the request without its body. It cannot fail, so every event can be answered.
func plainRequest(ctx context.Context, event events.APIGatewayV2HTTPRequest) *http.Request {
	method := strings.ToUpper(event.RequestContext.HTTP.Method)
	if method == "" {
		method = http.MethodGet
	}
	r := &http.Request{
		Method:     method,
		URL:        requestURL(event),
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     header(event),
		Body:       http.NoBody,
		RemoteAddr: remoteAddress(event),
	}
	r.Host = r.Header.Get("Host")
	if r.Host == "" {
		r.Host = event.RequestContext.DomainName
	}
	r.Header.Del("Host")
	r.RequestURI = r.URL.RequestURI()
	return r.WithContext(ctx)
}

// requestURL builds the address field by field. An HTTP API has already decoded rawPath, except %25 (`a%252Fb` arrives
// as such, `a%3Fb` as `a?b`), so parsing it would take a decoded `?` or `#` for a delimiter. `sam local` sends it
// undecoded; one decoding is right for both. A stage other than $default is part of rawPath.
func requestURL(event events.APIGatewayV2HTTPRequest) *url.URL {
	raw := event.RawPath
	if stage := event.RequestContext.Stage; stage != "" && stage != "$default" {
		if rest, ok := strings.CutPrefix(raw, "/"+stage); ok && (rest == "" || rest[0] == '/') {
			raw = rest
		}
	}
	if !strings.HasPrefix(raw, "/") {
		raw = "/" + raw
	}
	path, err := url.PathUnescape(raw)
	if err != nil {
		path = raw // a lone % is one that the gateway has already decoded
	}
	return &url.URL{Path: path, RawPath: raw, RawQuery: event.RawQueryString}
}

func header(event events.APIGatewayV2HTTPRequest) http.Header {
	h := make(http.Header, len(event.Headers))
	names := make([]string, 0, len(event.Headers))
	for name := range event.Headers {
		names = append(names, name)
	}
	slices.Sort(names) // a fixed order for names that differ only in case
	for _, name := range names {
		h.Add(name, event.Headers[name])
	}
	if len(event.Cookies) > 0 {
		h.Set("Cookie", strings.Join(event.Cookies, "; "))
	}
	return h
}

func remoteAddress(event events.APIGatewayV2HTTPRequest) string {
	ip := event.RequestContext.HTTP.SourceIP
	if strings.Contains(ip, ":") {
		ip = "[" + ip + "]"
	}
	return ip + ":0" // the form of net/http; the gateway does not say the port
}

// Source returns the address that a request came from, without its port, as throttles count it. An IPv6 address is
// reduced to its /64, which is what one subscriber has.
func Source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return ip.Mask(net.CIDRMask(64, 128)).String()
	}
	return host
}
