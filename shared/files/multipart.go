package files

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"clientele/shared/membership"
)

// A file of several parts is begun, gets its parts in any order, and exists once it is joined. What is never joined is
// deleted after a day (template.yaml).

// Begin begins a file of several parts and returns the name under which it is known until it is joined.
// Errors: ErrOverloaded.
func (b Bucket) Begin(ctx context.Context, k Key, contentType string) (upload string, err error) {
	answer, err := b.send(ctx, http.MethodPost, k.name, url.Values{"uploads": {""}}, ofType(contentType), nil, answerLimit)
	if err != nil {
		return "", err
	}
	if upload = between(string(answer), "<UploadId>", "</UploadId>"); upload == "" {
		return "", errors.New("files: a begun file without a name")
	}
	return upload, nil
}

// PutPart stores or replaces a part. number is 1 to 10,000; every part except the highest has at least 5 MiB.
// Errors: ErrNotFound when there is no such upload, ErrOverloaded.
func (b Bucket) PutPart(ctx context.Context, k Key, upload string, number int, body []byte) error {
	_, err := b.send(ctx, http.MethodPut, k.name, url.Values{"partNumber": {strconv.Itoa(number)}, "uploadId": {upload}}, field{}, body, answerLimit)
	return err
}

// Join makes the file from the parts with these numbers, in ascending order; other parts are dropped.
// Errors: ErrNotFound when a part is missing or there is no such upload (never begun, given up, or joined already),
// ErrOverloaded.
func (b Bucket) Join(ctx context.Context, k Key, upload string, numbers []int) error {
	tags, err := b.parts(ctx, k, upload)
	if err != nil {
		return err
	}
	var body strings.Builder
	body.WriteString("<CompleteMultipartUpload>")
	for _, n := range numbers {
		tag, ok := tags[n]
		if !ok {
			return membership.ErrNotFound
		}
		fmt.Fprintf(&body, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", n, tag)
	}
	body.WriteString("</CompleteMultipartUpload>")
	answer, err := b.send(ctx, http.MethodPost, k.name, url.Values{"uploadId": {upload}}, ofType("application/xml"), []byte(body.String()), answerLimit)
	// S3 starts to answer before it is done, so a failure can come with status 200.
	if code := between(string(answer), "<Code>", "</Code>"); err == nil && code != "" {
		err = membership.ErrOverloaded.Because(errors.New("files: join: " + code))
	}
	return err
}

// parts returns the ETags of the stored parts by number, as XML writes them. Only the first thousand parts, of 5 MiB
// each, are found; any others count as missing.
func (b Bucket) parts(ctx context.Context, k Key, upload string) (map[int]string, error) {
	answer, err := b.send(ctx, http.MethodGet, k.name, url.Values{"uploadId": {upload}}, field{}, nil, answerLimit)
	if err != nil {
		return nil, err
	}
	tags := map[int]string{}
	for rest := string(answer); ; {
		_, after, ok := strings.Cut(rest, "<Part>")
		if !ok {
			return tags, nil
		}
		var part string
		part, rest, _ = strings.Cut(after, "</Part>")
		if n, err := strconv.Atoi(between(part, "<PartNumber>", "</PartNumber>")); err == nil {
			tags[n] = between(part, "<ETag>", "</ETag>")
		}
	}
}
