package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"gopkg.in/yaml.v3"
)

// properties are the properties of AWS::DynamoDB::Table that decide how the store works. The names are
// CloudFormation's, which the API shares.
type properties struct {
	BillingMode             types.BillingMode
	KeySchema               []types.KeySchemaElement
	AttributeDefinitions    []types.AttributeDefinition
	GlobalSecondaryIndexes  []types.GlobalSecondaryIndex
	StreamSpecification     types.StreamSpecification
	TimeToLiveSpecification struct {
		AttributeName string
		Enabled       bool
	}
}

// Create makes the table that template.yaml describes, under another name.
func Create(ctx context.Context, client *dynamodb.Client, name string) error {
	p, err := read()
	if err != nil {
		return err
	}
	return p.create(ctx, client, name)
}

// CreateSilent makes the same table without its stream, for tables that are filled with a lot and whose stream nobody
// reads: when DynamoDB Local has several tables with streams, each write searches what all of them have told (measured:
// 4,000 items a second for the first, 300 for the second).
func CreateSilent(ctx context.Context, client *dynamodb.Client, name string) error {
	p, err := read()
	if err != nil {
		return err
	}
	p.StreamSpecification = types.StreamSpecification{}
	return p.create(ctx, client, name)
}

func (p properties) create(ctx context.Context, client *dynamodb.Client, name string) error {
	p.StreamSpecification.StreamEnabled = aws.Bool(p.StreamSpecification.StreamViewType != "") // implied in CloudFormation
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: p.BillingMode, KeySchema: p.KeySchema, AttributeDefinitions: p.AttributeDefinitions,
		GlobalSecondaryIndexes: p.GlobalSecondaryIndexes, StreamSpecification: &p.StreamSpecification,
	})
	var exists *types.ResourceInUseException // it exists already when the SDK repeated a call whose answer was lost
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create table %s: %w", name, err)
	}
	wait := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 20 * time.Millisecond })
	if err := wait.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, time.Minute); err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: &name, TimeToLiveSpecification: &types.TimeToLiveSpecification{
		AttributeName: &p.TimeToLiveSpecification.AttributeName, Enabled: &p.TimeToLiveSpecification.Enabled}})
	if err != nil {
		return fmt.Errorf("ttl of table %s: %w", name, err)
	}
	return nil
}

// Delete deletes a table. A table that is gone is no error: the SDK repeats a call whose answer was lost.
func Delete(ctx context.Context, client *dynamodb.Client, name string) error {
	_, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name})
	var gone *types.ResourceNotFoundException
	if err != nil && !errors.As(err, &gone) {
		return fmt.Errorf("delete table %s: %w", name, err)
	}
	return nil
}

// read returns the properties of the one table in template.yaml. It ignores CloudFormation's own tags (!If, !Ref) and
// reads the values below them; the properties above use none.
func read() (properties, error) {
	var p properties
	file, err := Template()
	if err != nil {
		return p, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return p, err
	}
	var template struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		return p, fmt.Errorf("%s: %w", file, err)
	}
	tables := 0
	for name, r := range template.Resources {
		if r.Type != "AWS::DynamoDB::Table" {
			continue
		}
		tables++
		var plain map[string]any
		if err := r.Properties.Decode(&plain); err != nil {
			return p, fmt.Errorf("%s, resource %s: %w", file, name, err)
		}
		// JSON's decoder fills the SDK's structs by their field names; YAML's would want lower-case names.
		asJSON, err := json.Marshal(plain)
		if err != nil {
			return p, fmt.Errorf("%s, resource %s: %w", file, name, err)
		}
		if err := json.Unmarshal(asJSON, &p); err != nil {
			return p, fmt.Errorf("%s, resource %s: %w", file, name, err)
		}
	}
	if tables != 1 {
		return p, fmt.Errorf("%s has %d tables instead of one", file, tables)
	}
	return p, nil
}

// Template returns the path of template.yaml in the working directory or above.
func Template() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		file := filepath.Join(dir, "template.yaml")
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("template.yaml is neither here nor above")
		}
		dir = filepath.Dir(dir)
	}
}
