package store

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// calls are the DynamoDB calls that this package makes. It does not keep the client itself: html/template can call any
// method by its name, so a program that links it keeps every exported method of every type that an interface may hold,
// and that would include the client's hundred operations (4 MB in each page function).
type calls struct {
	GetItem            func(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	BatchGetItem       func(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	Query              func(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	PutItem            func(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem         func(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem         func(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	TransactWriteItems func(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

func callsOf(c *dynamodb.Client) calls {
	return calls{
		GetItem:            c.GetItem,
		BatchGetItem:       c.BatchGetItem,
		Query:              c.Query,
		PutItem:            c.PutItem,
		UpdateItem:         c.UpdateItem,
		DeleteItem:         c.DeleteItem,
		TransactWriteItems: c.TransactWriteItems,
	}
}
