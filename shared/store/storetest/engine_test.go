package storetest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/store/storetest"
)

// The table of a test has what the template says, and its recorder sees what calls cost.
func TestTableIsTheTemplates(t *testing.T) {
	for _, e := range storetest.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			var calls storetest.Recorder
			client, name := e.Table(t, calls.Watch)
			out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(out.Table.GlobalSecondaryIndexes); n != 7 {
				t.Errorf("%d indexes, want 7", n)
			}
			if s := out.Table.StreamSpecification; s == nil || s.StreamViewType != types.StreamViewTypeNewAndOldImages {
				t.Errorf("stream %+v", s)
			}
			calls.Take()
			key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "a"}, "sk": &types.AttributeValueMemberS{Value: "b"}}
			if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: key}); err != nil {
				t.Fatal(err)
			}
			if _, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &name, Key: key, ConsistentRead: aws.Bool(true)}); err != nil {
				t.Fatal(err)
			}
			got := calls.Take()
			if len(got) != 2 || got[0].Operation != "PutItem" || got[1].Operation != "GetItem" || storetest.Waits(got) != 2 {
				t.Fatalf("recorded %+v", got)
			}
			if rcu := storetest.ReadCapacity(got); rcu != 1 {
				t.Errorf("a consistent read of a small item took %v RCU", rcu)
			}
		})
	}
}
