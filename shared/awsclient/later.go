package awsclient

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Later has another function run soon, without waiting for it: Lambda takes over the event and retries by itself. A
// repeated call may run the function twice. The call is signed here, as in Secret: the SDK's client for Lambda would
// add 0.3 MB to a function, this next to nothing.
func Later(ctx context.Context, cfg aws.Config, function string, event any) error {
	body, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("invoke %s: %w", function, err)
	}
	for range tries {
		var again bool
		if again, err = invoke(ctx, cfg, function, body); err == nil || !again || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("invoke %s: %w", function, err)
	}
	return nil
}

// invoke calls Invoke once; again says whether another try may help.
func invoke(ctx context.Context, cfg aws.Config, function string, body []byte) (again bool, err error) {
	response, again, err := signed(ctx, cfg, Lambda, "/2015-03-31/functions/"+function+"/invocations", map[string]string{
		"Content-Type": "application/json", "X-Amz-Invocation-Type": "Event",
	}, body)
	if err != nil {
		return again, err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // keeps the connection
	if response.StatusCode != http.StatusAccepted {
		busy := response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests
		return busy, fmt.Errorf("status %d %s", response.StatusCode, response.Header.Get("X-Amzn-Errortype"))
	}
	return false, nil
}
