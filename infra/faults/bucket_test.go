package faults_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"clientele/shared/files"
	"clientele/shared/membership"
)

// doer is the HTTP client that makes the bucket meet the faults, because shared/files makes its calls itself. A lasting
// fault holds for all three tries of a call.
type doer struct {
	next   *http.Client
	inject *injector

	mu   sync.Mutex
	left int // tries of the present call that will still break
	kind kind
}

const tries = 3

func (d *doer) Do(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := d.kind
	if d.left > 0 {
		d.left--
	} else {
		k = d.inject.begin(call{service: "S3", operation: operation(r), site: site()})
		d.kind = k
		switch k {
		case errorBefore, errorAfter, timeoutLasting:
			d.left = tries - 1
		}
	}
	switch k {
	case errorBefore, throttleLasting:
		return unavailable(r), nil
	case errorAfter:
		if err := d.done(r); err != nil {
			return nil, err
		}
		return unavailable(r), nil
	case timeoutOnce, timeoutLasting:
		if err := d.done(r); err != nil {
			return nil, err
		}
		return nil, context.DeadlineExceeded
	case crashBefore:
		d.mu.Unlock()
		d.inject.crash()
	case crashAfter:
		_ = d.done(r)
		d.mu.Unlock()
		d.inject.crash()
	}
	return d.next.Do(r)
}

// done makes a call whose answer nobody receives.
func (d *doer) done(r *http.Request) error {
	response, err := d.next.Do(r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response.Body.Close()
}

func unavailable(r *http.Request) *http.Response {
	return &http.Response{StatusCode: http.StatusServiceUnavailable, Request: r, Body: io.NopCloser(strings.NewReader("<Error><Code>SlowDown</Code></Error>"))}
}

// operation returns the name of a call that shared/files makes.
func operation(r *http.Request) string {
	switch {
	case r.Method == http.MethodPut:
		return "PutObject"
	case r.Method == http.MethodDelete:
		return "DeleteObject"
	case r.URL.Query().Has("list-type"):
		return "ListObjectsV2"
	}
	return "GetObject"
}

// makeBucket makes the world's own bucket.
func (w *world) makeBucket() {
	w.t.Helper()
	where := `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>`
	r, err := http.NewRequestWithContext(w.ctx, http.MethodPut, w.engine.Endpoint+"/"+w.name, strings.NewReader(where))
	w.must(err)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0")
	response, err := w.http.Do(r)
	w.must(err)
	w.must(response.Body.Close())
	if response.StatusCode != http.StatusOK {
		w.t.Fatalf("bucket: %s", response.Status)
	}
}

// files are the pictures in the bucket, through the faults if broken, else past them.
func (w *world) files(broken bool) files.Avatars {
	cfg := aws.Config{Region: "eu-central-1", BaseEndpoint: aws.String(w.engine.Endpoint), HTTPClient: w.http, Credentials: w.config().Credentials}
	if broken {
		cfg.HTTPClient = &doer{next: w.http, inject: w.inject}
	}
	return files.Avatars{Bucket: files.New(cfg, w.name, time.Now)}
}

// upload sends a file with a form, as browsers do.
func (w *world) upload(form membership.UploadForm, file []byte) error {
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for name, value := range form.Fields {
		if err := m.WriteField(name, value); err != nil {
			return err
		}
	}
	part, err := m.CreateFormFile("file", "picture")
	if err != nil {
		return err
	}
	if _, err := part.Write(file); err != nil {
		return err
	}
	if err := m.Close(); err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, form.URL, &body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", m.FormDataContentType())
	response, err := w.http.Do(r)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		return fmt.Errorf("upload: %s", response.Status)
	}
	return nil
}

func fields(f membership.UploadForm) iter.Seq[string] { return maps.Keys(f.Fields) }
