package files

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Link signs an address from which a browser downloads an object under a file name. It is valid for lifetime, but no
// longer than the role's credentials: make it when it is asked for, after checking the rights, for some minutes.
func (b Bucket) Link(ctx context.Context, k Key, fileName, contentType string, lifetime time.Duration) (string, error) {
	if k.name == "" {
		return "", errors.New("files: a link without a key")
	}
	query := url.Values{
		"X-Amz-Expires":                {strconv.Itoa(int(lifetime.Seconds()))},
		"response-content-disposition": {`attachment; filename="` + plainName(fileName) + `"`},
		"response-content-type":        {contentType},
		"response-cache-control":       {"private, no-store"},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.address+"/"+k.name+"?"+query.Encode(), nil)
	if err != nil {
		return "", fmt.Errorf("files: %w", err)
	}
	credentials, err := b.credentials.Retrieve(ctx)
	if err != nil {
		return "", fmt.Errorf("files: %w", err)
	}
	signed, _, err := signer().PresignHTTP(ctx, credentials, request, "UNSIGNED-PAYLOAD", service, b.region, b.now())
	if err != nil {
		return "", fmt.Errorf("files: %w", err)
	}
	return signed, nil
}

// plainName keeps what a header allows in a file name without quoting.
func plainName(name string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || strings.ContainsRune(`"\/;`, c) {
			return '-'
		}
		return c
	}, name)
}
