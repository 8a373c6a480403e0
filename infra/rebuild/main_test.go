package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/store"
	"clientele/shared/store/storetest"
)

// A check says what is wrong and fails; a rebuild repairs it; the next check finds nothing.
func TestChecksAndMends(t *testing.T) {
	client, table := storetest.DynamoDBLocal().Table(t)
	item := map[string]types.AttributeValue{"n": &types.AttributeValueMemberN{Value: "7"}}
	for name, v := range map[string]string{"pk": "COUNT#ALL", "sk": "STATUS#active", "entity": "count"} {
		item[name] = &types.AttributeValueMemberS{Value: v}
	}
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		check bool
		err   error
		says  string
	}{
		{true, errWrong, "to mend: missing"},
		{false, nil, "mended: missing"},
		{true, nil, "counters      1"},
	} {
		b := store.NewRebuild(client, table)
		b.Check = step.check
		var out strings.Builder
		if err := run(t.Context(), b, &out); !errors.Is(err, step.err) || !strings.Contains(out.String(), step.says) {
			t.Errorf("%+v: %v\n%s", step, err, out.String())
		}
	}
}

// No table means the local cloud, and nothing else.
func TestNoTableIsTheLocalCloud(t *testing.T) {
	t.Setenv("LOCAL_DIR", t.TempDir())
	if err := start(t.Context(), "", true); err == nil || !strings.Contains(err.Error(), "make start") {
		t.Errorf("%v", err)
	}
}
