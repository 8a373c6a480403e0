package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/aws/aws-lambda-go/cfn"
)

// answers is how often an answer is sent before it counts as lost.
const answers = 3

// answer puts the answer to the address that CloudFormation gave. (cfn's own way of sending has no time limit.)
func (h handler) answer(ctx context.Context, address string, answer *cfn.Response) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("answer CloudFormation: %w", err)
	}
	for range answers {
		if err = h.put(ctx, address, body); err == nil {
			return nil
		}
	}
	return fmt.Errorf("answer CloudFormation: %w", err)
}

func (h handler) put(ctx context.Context, address string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header["Content-Type"] = nil // the address is signed for a request without one
	response, err := h.client.Do(request)
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		return failed.Err // without the address, whose signature must not be logged
	}
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500)) // best effort: it only explains the status
		return fmt.Errorf("status %d: %s", response.StatusCode, text)
	}
	return nil
}
