package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"clientele/shared/store/storetest"
)

// item and snapshot are what is in the table at one time, by primary key.
type (
	item     = map[string]types.AttributeValue
	snapshot map[[2]string]item
)

func (p *people) snapshot(ctx context.Context) (snapshot, error) {
	all, err := storetest.Items(ctx, p.client, p.name)
	s := make(snapshot, len(all))
	for _, i := range all {
		s[[2]string{text(i, "pk"), text(i, "sk")}] = i
	}
	return s, err
}

func text(i item, name string) string {
	if v, ok := i[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// written is what calls wrote: write capacity by design 4's formula (2 × ⌈KB⌉ for an action of a transaction, 1 × for a
// single write, plus changes in the indexes), and how many list rows that was.
type written struct {
	units float64
	rows  int
}

// writes computes what calls wrote between two snapshots, because DynamoDB Local counts transactions wrongly.
func writes(calls []call, before, after snapshot) (written, error) {
	type keyed struct{ Key, Item map[string]struct{ S string } }
	var w written
	one := func(k keyed, factor float64) {
		at := k.Key
		if at == nil {
			at = k.Item
		}
		id := [2]string{at["pk"].S, at["sk"].S}
		was, is := before[id], after[id]
		w.units += factor*kilobytes(was, is) + indexed(was, is)
		if text(was, "entity") == "user-row" || text(is, "entity") == "user-row" {
			w.rows++
		}
	}
	for _, c := range calls {
		if c.failed {
			continue
		}
		switch c.operation {
		case "TransactWriteItems":
			var in struct{ TransactItems []map[string]keyed }
			if err := json.Unmarshal(c.body, &in); err != nil {
				return w, fmt.Errorf("%s: %w", c.operation, err)
			}
			for _, action := range in.TransactItems {
				for k := range maps.Values(action) {
					one(k, 2)
				}
			}
		case "PutItem", "UpdateItem", "DeleteItem":
			var k keyed
			if err := json.Unmarshal(c.body, &k); err != nil {
				return w, fmt.Errorf("%s: %w", c.operation, err)
			}
			one(k, 1)
		}
	}
	return w, nil
}

func kilobytes(was, is item) float64 {
	return max(1, math.Ceil(float64(max(size(was), size(is)))/1024))
}

// indexed returns what a change costs in the indexes: one write where an entry is added, removed or changed, two where
// it moves.
func indexed(was, is item) float64 {
	units := 0.0
	for _, sort := range []string{"byName", "byEmail", "byGroup", "byRole", "byCompany", "byRegistered", "dueAt"} {
		partition := "facet"
		if sort == "dueAt" {
			partition = "due"
		}
		had, has := text(was, partition) != "" && text(was, sort) != "", text(is, partition) != "" && text(is, sort) != ""
		moved := text(was, partition) != text(is, partition) || text(was, sort) != text(is, sort)
		switch {
		case had && has && moved:
			units += 2 * kilobytes(was, is)
		case had != has, had && has && !reflect.DeepEqual(was, is):
			units += kilobytes(was, is)
		}
	}
	return units
}

// size returns the size of an item in bytes, as DynamoDB counts.
func size(i item) int {
	n := 0
	for name, v := range i {
		n += len(name) + valueSize(v)
	}
	return n
}

func valueSize(v types.AttributeValue) int {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return len(v.Value)/2 + 2
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberL:
		n := 3 + len(v.Value)
		for _, x := range v.Value {
			n += valueSize(x)
		}
		return n
	case *types.AttributeValueMemberM:
		return 3 + len(v.Value) + size(v.Value)
	}
	return 1
}
