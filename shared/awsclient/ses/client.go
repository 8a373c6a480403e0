// Package ses builds the client of SES.
package ses

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
)

// New returns a client of SES.
func New(cfg aws.Config) *sesv2.Client { return sesv2.NewFromConfig(cfg) }
