// Package httpapi is the form of all answers of the API, and the adapter between the gateway's events and net/http that
// pages use as well: strict decoding of JSON, responses with their ETag, problems (RFC 9457), preconditions, list
// parameters and signed cursors. It knows no single route.
//
// The order of things in a function:
//
//	mux := http.NewServeMux()
//	mux.Handle("POST /customers", …)
//	lambda.Start(httpapi.Lambda(httpapi.Routes(mux)))
//
// Pages start with LambdaPages, which answers with a page where Lambda answers with a problem.
//
// A handler calls Decode, IfMatch, IdempotencyKey or ListParameters, one use case, and then Respond or Problem. Problem holds the only
// table from error kind to HTTP status.
package httpapi
