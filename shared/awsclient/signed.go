package awsclient

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signed posts a body to a service, signed (Signature Version 4), and returns the response; the caller closes its body.
// When there is no response, again says whether another try may help.
func signed(ctx context.Context, cfg aws.Config, service Service, path string, header map[string]string, body []byte) (response *http.Response, again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, Endpoint(cfg, service)+path, bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	credentials, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, false, err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(sum[:]), string(service), cfg.Region, time.Now()); err != nil {
		return nil, false, err
	}
	response, err = cfg.HTTPClient.Do(request)
	return response, err != nil, err
}
