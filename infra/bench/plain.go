package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/aws/aws-lambda-go/events"
)

// plain returns a response's body as the caller reads it.
func plain(r events.APIGatewayV2HTTPResponse) ([]byte, error) {
	body := []byte(r.Body)
	if r.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(r.Body); err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
	}
	zipped := false
	for name, value := range r.Headers {
		zipped = zipped || (name == "content-encoding" || name == "Content-Encoding") && value == "gzip"
	}
	if !zipped {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return io.ReadAll(z)
}
