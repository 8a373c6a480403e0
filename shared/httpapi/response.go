package httpapi

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// answer collects what a handler writes: a Lambda response is one piece.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: http.Header{}} }

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 { // 1xx are not answers
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// response returns the event's answer. Text is sent as it is, anything else and anything compressed as base64.
func (a *answer) response(r *http.Request, c *compressor) events.APIGatewayV2HTTPResponse {
	a.WriteHeader(http.StatusOK)
	body := a.body.Bytes()
	if r.Method == http.MethodHead || a.status == http.StatusNoContent || a.status == http.StatusNotModified {
		body = nil
	}
	if len(body) > 0 && a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", http.DetectContentType(body))
	}
	// Browsers and clients that remember it never call without TLS again. It must not be sent without TLS (RFC 6797,
	// 7.2), as on a developer's machine; the gateway says how a request came.
	if r.Header.Get("X-Forwarded-Proto") == "https" && a.header.Get("Strict-Transport-Security") == "" {
		a.header.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	a.header.Del("Content-Length") // the gateway sets it; ours would be wrong after compression
	encoded := a.header.Get("Content-Encoding") != ""
	if len(body) >= minGzip && !encoded && compressible(a.header.Get("Content-Type")) {
		a.header.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			body = c.compress(body)
			a.header.Set("Content-Encoding", "gzip")
			encoded = true
		}
	}
	response := events.APIGatewayV2HTTPResponse{StatusCode: a.status, Headers: map[string]string{}}
	for name, values := range a.header {
		if name == "Set-Cookie" {
			response.Cookies = values // joined by commas they would be one broken cookie
			continue
		}
		response.Headers[name] = strings.Join(values, ", ")
	}
	if encoded || !utf8.Valid(body) {
		response.Body = base64.StdEncoding.EncodeToString(body)
		response.IsBase64Encoded = true
	} else {
		response.Body = string(body)
	}
	return response
}

// minGzip is the size in bytes below which compression saves less than base64 and the headers cost.
const minGzip = 1024

// compressor keeps gzip writers, because a new one is 800 KB of zeroed memory.
type compressor struct{ writers sync.Pool }

func newCompressor() *compressor {
	return &compressor{sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails only for an unknown level
		return w
	}}}
}

func (c *compressor) compress(body []byte) []byte {
	var out bytes.Buffer
	w := c.writers.Get().(*gzip.Writer)
	defer c.writers.Put(w)
	w.Reset(&out)
	// Writing to memory does not fail.
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes()
}

func compressible(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.TrimSpace(strings.ToLower(kind))
	switch {
	case strings.HasPrefix(kind, "text/"), strings.HasSuffix(kind, "+json"), strings.HasSuffix(kind, "+xml"):
		return true
	}
	return kind == "application/json" || kind == "application/javascript" || kind == "application/manifest+json"
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3): gzip by name or by *, unless its weight is 0.
func acceptsGzip(values []string) bool {
	star := false
	for _, element := range strings.Split(strings.Join(values, ","), ",") {
		coding, parameters, _ := strings.Cut(element, ";")
		accepted := true
		if name, weight, ok := strings.Cut(parameters, "="); ok && strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
			accepted = err == nil && q > 0
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return accepted
		case "*":
			star = accepted
		}
	}
	return star
}
