// Package dynamo builds the client of DynamoDB.
package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// New returns a client of DynamoDB.
func New(cfg aws.Config) *dynamodb.Client { return dynamodb.NewFromConfig(cfg) }
