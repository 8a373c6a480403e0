package storetest

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Items returns everything in a table, for tests that look for what should not be there.
func Items(ctx context.Context, client *dynamodb.Client, name string) ([]map[string]types.AttributeValue, error) {
	var (
		items []map[string]types.AttributeValue
		from  map[string]types.AttributeValue
	)
	for {
		out, err := client.Scan(ctx, &dynamodb.ScanInput{TableName: &name, ConsistentRead: aws.Bool(true), ExclusiveStartKey: from}) //nolint:forbidigo // of a test's own table
		if err != nil {
			return nil, fmt.Errorf("all of %s: %w", name, err)
		}
		items = append(items, out.Items...)
		if from = out.LastEvaluatedKey; len(from) == 0 {
			return items, nil
		}
	}
}
