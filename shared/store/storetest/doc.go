// Package storetest gives tests and the bench a table on a real engine, made exactly as template.yaml says, and a
// recorder of what calls to it cost.
//
// The environment names the engines: CLIENTELE_ENDPOINT is the local cloud (MiniStack), CLIENTELE_DYNAMODB_LOCAL is
// DynamoDB Local (infra/dynamodb-local/start.sh). A test is skipped when its engine is missing; with
// CLIENTELE_REQUIRED=1 it fails, so that no full run passes because it tested nothing.
package storetest
